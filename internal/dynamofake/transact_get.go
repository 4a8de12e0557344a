package dynamofake

type transactGetInput struct {
	TransactItems          []struct{ Get *getInput }
	ReturnConsumedCapacity string
}

type transactGetOutput struct {
	Responses        []itemOutput
	ConsumedCapacity []consumedCapacity `json:",omitempty"`
}

// transactGetItems reads up to 100 items at one moment.
func (s *Server) transactGetItems(in *transactGetInput) (any, error) {
	switch n := len(in.TransactItems); {
	case n == 0:
		return nil, invalid("Value [] at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case n > maxTransactionItems:
		return nil, invalid("Value at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100")
	}
	type id struct{ table, key string }
	seen := map[id]bool{}
	out := transactGetOutput{Responses: make([]itemOutput, len(in.TransactItems))}
	reasons := make([]reason, len(in.TransactItems))
	u := usage{transactional: true}
	bytes, refused := 0, false
	for i, entry := range in.TransactItems {
		reasons[i].Code = "None"
		if entry.Get == nil {
			return nil, invalid("Value null at 'transactItems.%d.member.get' failed to satisfy constraint: Member must not be null", i+1)
		}
		get := *entry.Get
		get.ConsistentRead = true
		it, size, err := s.get(&get, &u)
		switch {
		case is(err, "ValidationException"):
			reasons[i], refused = reason{Code: "ValidationError", Message: err.(*apiError).message}, true
			continue
		case err != nil:
			return nil, err
		}
		at := id{get.TableName, get.Key[onlyName(get.Key)].s}
		if seen[at] {
			return nil, invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[at] = true
		bytes += size
		out.Responses[i].Item = it
	}
	if refused {
		return nil, canceled(reasons)
	}
	if bytes > maxTransactionBytes {
		return nil, invalid("Transaction payload size cannot exceed 4MB. Payload Size: %d", bytes)
	}
	out.ConsumedCapacity = s.consume(u, in.ReturnConsumedCapacity)
	return out, nil
}
