package jq

import (
	"strings"

	"github.com/itchyny/gojq"
)

// ObjectKeys gives the keys of the objects that the program gives, in the order of its text. known is false where they
// can not be told from the text: where it is anything but an object with keys that are written out.
func (p *Program) ObjectKeys() (keys []string, known bool) {
	q := p.query
	for q.Op == gojq.OpPipe && q.Right != nil {
		q = q.Right
	}
	if q.Term == nil || len(q.Term.SuffixList) > 0 {
		return nil, false
	}
	switch t := q.Term; {
	case t.Type == gojq.TermTypeQuery:
		return (&Program{query: t.Query}).ObjectKeys()
	case t.Type != gojq.TermTypeObject:
		return nil, false
	}
	for _, kv := range q.Term.Object.KeyVals {
		switch {
		case kv.KeyString != nil && kv.KeyString.Queries == nil:
			keys = append(keys, kv.KeyString.Str)
		case kv.Key != "":
			name, variable := strings.CutPrefix(kv.Key, "$")
			if variable && kv.Val != nil {
				return nil, false
			}
			keys = append(keys, name)
		default:
			return nil, false
		}
	}
	return keys, true
}
