package dynamofake

import (
	"maps"
	"slices"
)

type keysAndAttributes struct {
	Keys                     []item
	ConsistentRead           bool
	ProjectionExpression     *string
	ExpressionAttributeNames map[string]string
}

type batchGetInput struct {
	RequestItems           map[string]keysAndAttributes
	ReturnConsumedCapacity string
}

type batchGetOutput struct {
	Responses        map[string][]item
	UnprocessedKeys  map[string]map[string]any
	ConsumedCapacity []consumedCapacity `json:",omitempty"`
}

// batchGetItem reads up to 100 items and answers up to 16 MB; keys beyond that are unprocessed.
func (s *Server) batchGetItem(in *batchGetInput) (any, error) {
	total := 0
	for _, r := range in.RequestItems {
		total += len(r.Keys)
		if len(r.Keys) == 0 {
			return nil, invalid("Member must have length greater than or equal to 1")
		}
	}
	switch {
	case total == 0:
		return nil, invalid("BatchGetItem must have some requests set")
	case total > maxBatchGet:
		return nil, invalid("Too many items requested for the BatchGetItem call")
	}
	out := batchGetOutput{map[string][]item{}, map[string]map[string]any{}, nil}
	var u usage
	bytes := 0
	for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
		r := in.RequestItems[name]
		seen := map[string]bool{}
		out.Responses[name] = []item{}
		var left []item
		for _, key := range r.Keys {
			if id := key[onlyName(key)].s; seen[id] {
				return nil, invalid("Provided list of item keys contains duplicates")
			} else {
				seen[id] = true
			}
			if bytes > maxBatchGetBytes {
				left = append(left, key)
				continue
			}
			it, size, err := s.get(&getInput{TableName: name, Key: key, ConsistentRead: r.ConsistentRead,
				ProjectionExpression: r.ProjectionExpression, ExpressionAttributeNames: r.ExpressionAttributeNames}, &u)
			if err != nil {
				return nil, err
			}
			bytes += size
			if it != nil {
				out.Responses[name] = append(out.Responses[name], it)
			}
		}
		if left != nil {
			out.UnprocessedKeys[name] = unprocessed(r, left)
		}
	}
	out.ConsumedCapacity = s.consume(u, in.ReturnConsumedCapacity)
	return out, nil
}

// onlyName is the name of a key's attribute; keys with several are refused when they are used.
func onlyName(key item) string {
	for n := range key {
		return n
	}
	return ""
}

func unprocessed(r keysAndAttributes, left []item) map[string]any {
	again := map[string]any{"Keys": left, "ConsistentRead": r.ConsistentRead}
	if r.ProjectionExpression != nil {
		again["ProjectionExpression"] = *r.ProjectionExpression
	}
	if r.ExpressionAttributeNames != nil {
		again["ExpressionAttributeNames"] = r.ExpressionAttributeNames
	}
	return again
}
