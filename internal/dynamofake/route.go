package dynamofake

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"standpipe/internal/faults"
)

// operations are the API's operations that the server knows.
var operations = map[string]func(*Server, []byte) (any, error){
	"CreateTable":        handle((*Server).createTable),
	"DescribeTable":      handle((*Server).describeTable),
	"DeleteTable":        handle((*Server).deleteTable),
	"ListTables":         handle((*Server).listTables),
	"PutItem":            handle((*Server).putItem),
	"UpdateItem":         handle((*Server).updateItem),
	"DeleteItem":         handle((*Server).deleteItem),
	"GetItem":            handle((*Server).getItem),
	"BatchGetItem":       handle((*Server).batchGetItem),
	"Scan":               handle((*Server).scan),
	"TransactWriteItems": handle((*Server).transactWriteItems),
	"TransactGetItems":   handle((*Server).transactGetItems),
}

// handle decodes a request and carries it out under the server's mutex.
func handle[In any](run func(*Server, *In) (any, error)) func(*Server, []byte) (any, error) {
	return func(s *Server, body []byte) (any, error) {
		in := new(In)
		if err := json.Unmarshal(body, in); err != nil {
			return nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		return run(s, in)
	}
}

// name says what a request is about, for the gate.
func (s *Server) name(r *http.Request, body []byte) faults.Call {
	op := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
	return faults.Call{Service: "dynamodb", Op: op, Object: s.object(op, body)}
}

type target struct {
	TableName string
	Key, Item map[string]json.RawMessage
}

func (s *Server) object(op string, body []byte) string {
	var in struct {
		target
		TransactItems []map[string]target
		RequestItems  map[string]json.RawMessage
	}
	// A request of another shape is refused later; here it has no name.
	_ = json.Unmarshal(body, &in)
	switch op {
	case "PutItem", "UpdateItem", "DeleteItem", "GetItem":
		return s.keyOf(in.target)
	case "TransactWriteItems", "TransactGetItems":
		var keys []string
		for _, entry := range in.TransactItems {
			for _, t := range entry {
				keys = append(keys, s.keyOf(t))
			}
		}
		return strings.Join(keys, ",")
	case "BatchGetItem":
		return strings.Join(slices.Sorted(maps.Keys(in.RequestItems)), ",")
	}
	return in.TableName
}

// keyOf is the value of the key attribute in a request for one item, "" if there is none.
func (s *Server) keyOf(t target) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	tab := s.tables[t.TableName]
	if tab == nil {
		return ""
	}
	raw := t.Key[tab.hashKey]
	if raw == nil {
		raw = t.Item[tab.hashKey]
	}
	var v struct{ S string }
	_ = json.Unmarshal(raw, &v)
	return v.S
}
