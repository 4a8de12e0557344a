package dynamofake

import (
	"encoding/json"
	"slices"
)

func (s *Server) putItem(in *writeInput) (any, error)    { return s.single("Put", in) }
func (s *Server) updateItem(in *writeInput) (any, error) { return s.single("Update", in) }
func (s *Server) deleteItem(in *writeInput) (any, error) { return s.single("Delete", in) }

type writeOutput struct {
	Attributes       item              `json:",omitempty"`
	ConsumedCapacity *consumedCapacity `json:",omitempty"`
}

// single carries out a write that stands alone.
func (s *Server) single(op string, in *writeInput) (any, error) {
	if !slices.Contains(returnValues[op], in.ReturnValues) {
		return nil, invalid("Return values set to invalid value")
	}
	w, err := prepare(op, in)
	if err != nil {
		return nil, err
	}
	t, key, err := s.locate(w)
	if err != nil {
		return nil, err
	}
	old := t.rows[key]
	after, err := w.effect(old.item)
	if err != nil && !is(err, "ConditionalCheckFailedException") {
		return nil, err
	}
	var u usage
	u.add(t.name, 0, writeUnits(max(old.size, w.size(old.item, after))))
	consumed := s.consume(u, in.ReturnConsumedCapacity)
	if err != nil {
		return nil, err
	}
	t.put(key, after)
	out := writeOutput{Attributes: w.attributes(in.ReturnValues, old.item, after)}
	if consumed != nil {
		out.ConsumedCapacity = &consumed[0]
	}
	return out, nil
}

type getInput struct {
	TableName                string
	Key                      item
	ConsistentRead           bool
	ProjectionExpression     *string
	ExpressionAttributeNames map[string]string
	ReturnConsumedCapacity   string
	AttributesToGet          json.RawMessage // of the API before expressions; refused
}

type itemOutput struct {
	Item             item              `json:",omitzero"`
	ConsumedCapacity *consumedCapacity `json:",omitempty"`
}

func (s *Server) getItem(in *getInput) (any, error) {
	var u usage
	it, _, err := s.get(in, &u)
	if err != nil {
		return nil, err
	}
	out := itemOutput{Item: it}
	if c := s.consume(u, in.ReturnConsumedCapacity); c != nil {
		out.ConsumedCapacity = &c[0]
	}
	return out, nil
}

// get reads one item; its second result is the item's full size.
func (s *Server) get(in *getInput, u *usage) (item, int, error) {
	if in.AttributesToGet != nil {
		return nil, 0, invalid("this server knows ProjectionExpression, not AttributesToGet")
	}
	if in.Key == nil {
		return nil, 0, invalid("Value null at 'key' failed to satisfy constraint: Member must not be null")
	}
	paths, err := projection(in.ProjectionExpression, in.ExpressionAttributeNames)
	if err != nil {
		return nil, 0, err
	}
	t, err := s.table(in.TableName)
	if err != nil {
		return nil, 0, err
	}
	key, err := t.key(in.Key, true)
	if err != nil {
		return nil, 0, err
	}
	r := t.rows[key]
	u.add(t.name, readUnits(r.size, in.ConsistentRead), 0)
	if r.item == nil {
		return nil, 0, nil
	}
	return projectItem(r.item, paths), r.size, nil
}

// projection parses a ProjectionExpression that stands without other expressions.
func projection(src *string, names map[string]string) ([]path, error) {
	sc, err := newScope(names, nil, src != nil, "")
	if err != nil || src == nil {
		return nil, err
	}
	paths, err := parse("ProjectionExpression", *src, sc, parseProjection)
	if err != nil {
		return nil, err
	}
	return paths, sc.unused()
}
