package dynamofake

import "encoding/json"

// writeInput is a request to put, update, delete or check one item, alone or in a transaction.
type writeInput struct {
	TableName                           string
	Item, Key                           item
	UpdateExpression                    *string
	ConditionExpression                 *string
	ExpressionAttributeNames            map[string]string
	ExpressionAttributeValues           valueMap
	ReturnValues                        string
	ReturnValuesOnConditionCheckFailure string
	ReturnConsumedCapacity              string
	Expected, AttributeUpdates          json.RawMessage // of the API before expressions; refused
	ConditionalOperator                 string
}

// write is a checked writeInput.
type write struct {
	op       string // "Put", "Update", "Delete" or "ConditionCheck"
	table    string
	item     item // Put
	keyItem  item // the others
	cond     condition
	update   update
	showItem bool // ReturnValuesOnConditionCheckFailure is ALL_OLD
}

var returnValues = map[string][]string{
	"Put":    {"", "NONE", "ALL_OLD"},
	"Delete": {"", "NONE", "ALL_OLD"},
	"Update": {"", "NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"},
}

// prepare checks all of a request that does not depend on the table.
func prepare(op string, in *writeInput) (*write, error) {
	if err := checkTableName(in.TableName); err != nil {
		return nil, err
	}
	if in.Expected != nil || in.AttributeUpdates != nil || in.ConditionalOperator != "" {
		return nil, invalid("this server knows expressions, not Expected, AttributeUpdates or ConditionalOperator")
	}
	switch in.ReturnValuesOnConditionCheckFailure {
	case "", "NONE", "ALL_OLD":
	default:
		return nil, invalid("ReturnValuesOnConditionCheckFailure set to invalid value")
	}
	w := &write{op: op, table: in.TableName, item: in.Item, keyItem: in.Key,
		showItem: in.ReturnValuesOnConditionCheckFailure == "ALL_OLD"}
	switch {
	case op == "Put" && in.Item == nil:
		return nil, invalid("Value null at 'item' failed to satisfy constraint: Member must not be null")
	case op != "Put" && in.Key == nil:
		return nil, invalid("Value null at 'key' failed to satisfy constraint: Member must not be null")
	case op == "Put" && itemSize(in.Item) > maxItemBytes:
		return nil, invalid("Item size has exceeded the maximum allowed size")
	case op == "ConditionCheck" && in.ConditionExpression == nil:
		return nil, invalid("Value null at 'conditionExpression' failed to satisfy constraint: Member must not be null")
	}
	for _, v := range in.Item {
		if v.depth() >= maxNesting {
			return nil, tooDeep()
		}
	}
	return w, w.parse(in)
}

func tooDeep() error {
	return invalid("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")
}

func (w *write) parse(in *writeInput) error {
	kind := "ConditionExpression"
	if w.op == "Update" {
		kind = "UpdateExpression"
	}
	sc, err := newScope(in.ExpressionAttributeNames, in.ExpressionAttributeValues,
		in.ConditionExpression != nil || in.UpdateExpression != nil, kind)
	if err != nil {
		return err
	}
	if in.UpdateExpression != nil && w.op == "Update" {
		if w.update, err = parse("UpdateExpression", *in.UpdateExpression, sc, parseUpdate); err != nil {
			return err
		}
	}
	if in.ConditionExpression != nil {
		if w.cond, err = parse("ConditionExpression", *in.ConditionExpression, sc, parseCondition); err != nil {
			return err
		}
	}
	return sc.unused()
}

// locate finds the table and the key that a write is about.
func (s *Server) locate(w *write) (*table, string, error) {
	t, err := s.table(w.table)
	if err != nil {
		return nil, "", err
	}
	it, exact := w.item, false
	if w.op != "Put" {
		it, exact = w.keyItem, true
	}
	key, err := t.key(it, exact)
	if err != nil {
		return nil, "", err
	}
	for _, a := range w.update {
		if a.path[0].name == t.hashKey {
			return nil, "", invalid("One or more parameter values were invalid: Cannot update attribute %s. "+
				"This attribute is part of the key", t.hashKey)
		}
	}
	return t, key, nil
}

// effect works out what a write makes of an item: nil when it does not exist (any more). It stores nothing.
func (w *write) effect(old item) (item, error) {
	if w.cond != nil && !w.cond.holds(old) {
		e := conditionFailed()
		if w.showItem && old != nil {
			e.extra = map[string]any{"Item": old}
		}
		return nil, e
	}
	switch w.op {
	case "Put":
		return w.item, nil
	case "Delete":
		return nil, nil
	case "ConditionCheck":
		return old, nil
	}
	from := old
	if from == nil {
		from = w.keyItem
	}
	it, err := w.update.apply(from)
	if err != nil {
		return nil, err
	}
	if itemSize(it) > maxItemBytes {
		return nil, invalid("Item size to update has exceeded the maximum allowed size")
	}
	for _, v := range it {
		if v.depth() >= maxNesting {
			return nil, tooDeep()
		}
	}
	return it, nil
}

// attributes is what ReturnValues asks for; nil for nothing.
func (w *write) attributes(mode string, before, after item) item {
	from := after
	switch mode {
	case "ALL_OLD":
		return before
	case "ALL_NEW":
		return after
	case "UPDATED_OLD":
		from = before
	case "UPDATED_NEW":
	default:
		return nil
	}
	// Of a nested path the whole top-level attribute is shown, as DynamoDB Local does.
	shown := item{}
	for _, a := range w.update {
		if _, ok := lookup(from, a.path); ok {
			shown[a.path[0].name] = from[a.path[0].name]
		}
	}
	return shown
}
