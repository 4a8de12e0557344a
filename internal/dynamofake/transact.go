package dynamofake

import (
	"crypto/sha256"
	"encoding/json"
	"time"
)

type transactItem struct {
	Put, Update, Delete, ConditionCheck *writeInput
}

type transactWriteInput struct {
	TransactItems          []transactItem
	ClientRequestToken     string
	ReturnConsumedCapacity string
}

type transactWriteOutput struct {
	ConsumedCapacity []consumedCapacity `json:",omitempty"`
}

// remembered is a successful transaction, kept for ten minutes under its token.
type remembered struct {
	content [sha256.Size]byte
	at      time.Time
}

const tokenLife = 10 * time.Minute

// planned is a write of a transaction with what it will do.
type planned struct {
	*write
	table *table
	key   string
	old   row
	after item
}

// transactWriteItems carries out all the writes or none.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
func (s *Server) transactWriteItems(in *transactWriteInput) (any, error) {
	writes, err := in.writes()
	if err != nil {
		return nil, err
	}
	content, err := in.content()
	if err != nil {
		return nil, err
	}
	now := s.now()
	for name, t := range s.tokens {
		if now.Sub(t.at) >= tokenLife {
			delete(s.tokens, name)
		}
	}
	plans, reasons, err := s.plan(writes)
	if err != nil {
		return nil, err
	}
	u := usage{transactional: true}
	if t, known := s.tokens[in.ClientRequestToken]; known && in.ClientRequestToken != "" {
		if t.content != content {
			return nil, refuse("IdempotentParameterMismatchException",
				"The request uses the same client token as a previous, but non-identical request.")
		}
		for _, p := range plans { // a repetition costs reads
			u.add(p.write.table, readUnits(p.old.size, true), 0)
		}
		return transactWriteOutput{s.consume(u, in.ReturnConsumedCapacity)}, nil
	}
	for _, p := range plans {
		u.add(p.write.table, 0, writeUnits(max(p.old.size, p.size(p.old.item, p.after))))
	}
	consumed := s.consume(u, in.ReturnConsumedCapacity)
	for _, r := range reasons {
		if r.Code != "None" {
			return nil, canceled(reasons)
		}
	}
	for _, p := range plans {
		p.table.put(p.key, p.after)
	}
	if in.ClientRequestToken != "" {
		s.tokens[in.ClientRequestToken] = remembered{content, now}
	}
	return transactWriteOutput{consumed}, nil
}

// plan works out every write against the items as they are, and why each that can not be done can not.
func (s *Server) plan(writes []*write) ([]planned, []reason, error) {
	type id struct{ table, key string }
	seen := map[id]bool{}
	plans := make([]planned, len(writes))
	reasons := make([]reason, len(writes))
	bytes := 0
	for i, w := range writes {
		reasons[i].Code = "None"
		p := planned{write: w}
		var err error
		p.table, p.key, err = s.locate(w)
		if is(err, "ResourceNotFoundException") {
			return nil, nil, err
		}
		if err == nil {
			if seen[id{w.table, p.key}] {
				return nil, nil, invalid("Transaction request cannot include multiple operations on one item")
			}
			seen[id{w.table, p.key}] = true
			p.old = p.table.rows[p.key]
			p.after, err = w.effect(p.old.item)
		}
		if err != nil {
			e := err.(*apiError)
			reasons[i] = reason{Code: "ValidationError", Message: e.message}
			if e.code == "ConditionalCheckFailedException" {
				reasons[i].Code = "ConditionalCheckFailed"
				reasons[i].Item, _ = e.extra["Item"].(item)
			}
		}
		bytes += max(itemSize(w.item), itemSize(p.after))
		plans[i] = p
	}
	if bytes > maxTransactionBytes {
		return nil, nil, invalid("Transaction payload size cannot exceed 4MB. Payload Size: %d", bytes)
	}
	return plans, reasons, nil
}

func (in *transactWriteInput) writes() ([]*write, error) {
	switch n := len(in.TransactItems); {
	case n == 0:
		return nil, invalid("Value [] at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case n > maxTransactionItems:
		return nil, invalid("Value at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100")
	case len(in.ClientRequestToken) > 36:
		return nil, invalid("Value %s at 'clientRequestToken' failed to satisfy constraint: Member must have length less than or equal to 36",
			in.ClientRequestToken)
	}
	writes := make([]*write, len(in.TransactItems))
	for i, entry := range in.TransactItems {
		var op string
		var w *writeInput
		n := 0
		for name, candidate := range map[string]*writeInput{"Put": entry.Put, "Update": entry.Update,
			"Delete": entry.Delete, "ConditionCheck": entry.ConditionCheck} {
			if candidate != nil {
				op, w = name, candidate
				n++
			}
		}
		if n != 1 {
			return nil, invalid("TransactItems can only contain one of Check, Put, Update or Delete")
		}
		if op == "Update" && w.UpdateExpression == nil {
			return nil, invalid("Value null at 'transactItems.%d.member.update.updateExpression' failed to satisfy constraint: Member must not be null", i+1)
		}
		var err error
		if writes[i], err = prepare(op, w); err != nil {
			return nil, err
		}
	}
	return writes, nil
}

// content identifies what a transaction asks for, for the comparison under one token.
func (in *transactWriteInput) content() ([sha256.Size]byte, error) {
	b, err := json.Marshal(in.TransactItems) // maps are written in the order of their keys
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	return sha256.Sum256(b), nil
}
