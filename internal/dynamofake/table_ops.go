package dynamofake

import (
	"encoding/json"
	"maps"
	"slices"
)

type keyElement struct{ AttributeName, KeyType string }

type attributeDefinition struct{ AttributeName, AttributeType string }

type throughput struct {
	ReadCapacityUnits      int64
	WriteCapacityUnits     int64
	NumberOfDecreasesToday int64
}

type billingSummary struct{ BillingMode string }

type createTableInput struct {
	TableName              string
	KeySchema              []keyElement
	AttributeDefinitions   []attributeDefinition
	BillingMode            string
	ProvisionedThroughput  *throughput
	GlobalSecondaryIndexes json.RawMessage
	LocalSecondaryIndexes  json.RawMessage
	StreamSpecification    *struct{ StreamEnabled bool }
}

type tableName struct{ TableName string }

type tableDescription struct {
	TableName                 string
	TableArn                  string
	TableStatus               string
	KeySchema                 []keyElement
	AttributeDefinitions      []attributeDefinition
	BillingModeSummary        *billingSummary `json:",omitempty"`
	ProvisionedThroughput     throughput
	CreationDateTime          float64
	ItemCount                 int
	TableSizeBytes            int
	DeletionProtectionEnabled bool
}

// createTable makes a table with one string hash key, which is all a lease table has.
func (s *Server) createTable(in *createTableInput) (any, error) {
	if err := checkTableName(in.TableName); err != nil {
		return nil, err
	}
	if len(in.GlobalSecondaryIndexes) > 0 || len(in.LocalSecondaryIndexes) > 0 ||
		in.StreamSpecification != nil && in.StreamSpecification.StreamEnabled {
		return nil, invalid("this server has no indexes and no streams")
	}
	if len(in.KeySchema) != 1 {
		return nil, invalid("this server has tables with one hash key and no range key")
	}
	hash := in.KeySchema[0]
	if hash.KeyType != "HASH" {
		return nil, invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	}
	if len(in.AttributeDefinitions) != 1 || in.AttributeDefinitions[0].AttributeName != hash.AttributeName {
		return nil, invalid("One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions, "+
			"or some AttributeDefinitions are not used. Keys: [%s]", hash.AttributeName)
	}
	if in.AttributeDefinitions[0].AttributeType != "S" {
		return nil, invalid("this server has hash keys of type S")
	}
	t := &table{name: in.TableName, hashKey: hash.AttributeName, billing: in.BillingMode,
		created: s.now(), activeAt: s.now().Add(s.createDelay), rows: map[string]row{}}
	switch in.BillingMode {
	case "", "PROVISIONED":
		t.billing = "PROVISIONED"
		if in.ProvisionedThroughput == nil {
			return nil, invalid("No provisioned throughput specified for the table")
		}
		t.read, t.write = in.ProvisionedThroughput.ReadCapacityUnits, in.ProvisionedThroughput.WriteCapacityUnits
		if t.read < 1 || t.write < 1 {
			return nil, invalid("Provisioned throughput must be at least 1 read and 1 write capacity unit")
		}
	case "PAY_PER_REQUEST":
		if in.ProvisionedThroughput != nil {
			return nil, invalid("One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits " +
				"can be specified when BillingMode is PAY_PER_REQUEST")
		}
	default:
		return nil, invalid("Value '%s' at 'billingMode' failed to satisfy constraint: "+
			"Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]", in.BillingMode)
	}
	if s.tables[in.TableName] != nil {
		return nil, refuse("ResourceInUseException", "Table already exists: %s", in.TableName)
	}
	s.tables[in.TableName] = t
	d := s.describe(t)
	d.TableStatus = "CREATING" // AWS says so even when the table is ready a moment later
	return map[string]any{"TableDescription": d}, nil
}

func (s *Server) describe(t *table) tableDescription {
	d := tableDescription{
		TableName:             t.name,
		TableArn:              "arn:aws:dynamodb:us-east-1:000000000000:table/" + t.name,
		TableStatus:           "ACTIVE",
		KeySchema:             []keyElement{{t.hashKey, "HASH"}},
		AttributeDefinitions:  []attributeDefinition{{t.hashKey, "S"}},
		ProvisionedThroughput: throughput{ReadCapacityUnits: t.read, WriteCapacityUnits: t.write},
		CreationDateTime:      float64(t.created.UnixMilli()) / 1000,
		ItemCount:             len(t.rows),
		TableSizeBytes:        t.bytes,
	}
	if t.billing == "PAY_PER_REQUEST" {
		d.BillingModeSummary = &billingSummary{t.billing}
	}
	if s.now().Before(t.activeAt) {
		d.TableStatus = "CREATING"
	}
	return d
}

func (s *Server) describeTable(in *tableName) (any, error) {
	if err := checkTableName(in.TableName); err != nil {
		return nil, err
	}
	t := s.tables[in.TableName]
	if t == nil {
		return nil, refuse("ResourceNotFoundException", "Requested resource not found: Table: %s not found", in.TableName)
	}
	return map[string]any{"Table": s.describe(t)}, nil
}

// deleteTable takes a table away at once; on AWS it is DELETING for a while.
func (s *Server) deleteTable(in *tableName) (any, error) {
	if err := checkTableName(in.TableName); err != nil {
		return nil, err
	}
	t := s.tables[in.TableName]
	if t == nil {
		return nil, refuse("ResourceNotFoundException", "Requested resource not found: Table: %s not found", in.TableName)
	}
	if s.now().Before(t.activeAt) {
		return nil, refuse("ResourceInUseException", "Attempt to change a resource which is still in use: Table is being created: %s", in.TableName)
	}
	delete(s.tables, in.TableName)
	d := s.describe(t)
	d.TableStatus = "DELETING"
	return map[string]any{"TableDescription": d}, nil
}

type listTablesInput struct {
	ExclusiveStartTableName string
	Limit                   *int
}

func (s *Server) listTables(in *listTablesInput) (any, error) {
	limit := 100
	if in.Limit != nil {
		limit = *in.Limit
	}
	if limit < 1 || limit > 100 {
		return nil, invalid("Limit must be between 1 and 100")
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(s.tables)), func(n string) bool { return n <= in.ExclusiveStartTableName })
	out := map[string]any{}
	if len(names) > limit {
		names = names[:limit]
		out["LastEvaluatedTableName"] = names[limit-1]
	}
	out["TableNames"] = slices.Clip(append([]string{}, names...))
	return out, nil
}
