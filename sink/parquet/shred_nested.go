package parquet

import (
	"bytes"

	pq "github.com/parquet-go/parquet-go"

	"standpipe/internal/jsontext"
)

// list shreds an array; without Strict also any other value, as an array of one, and "" as null.
func (s *Shredder) list(n *node, i, rep int) int {
	if i >= len(s.data) || s.data[i] != '[' {
		token, f, end := s.token(i)
		switch {
		case end < 0:
			return -1
		case s.schema.options.Strict:
			return s.wrongForm(n, f)
		case f == formString && len(token) == 0:
			s.nulls(n, rep, n.def-1)
			return end
		}
		return s.value(n.elem, i, rep)
	}
	i, last := s.first(i, ']')
	if last {
		s.nulls(n, rep, n.def)
		return i
	}
	for !last {
		if !s.spend(n.end - n.leaf) {
			return -1
		}
		if i = s.value(n.elem, i, rep); i < 0 {
			return -1
		}
		rep = n.rep
		if i, last = s.more(i, ']'); i < 0 {
			return -1
		}
	}
	return i
}

// mapping shreds an object; without Strict a blank string is null.
func (s *Shredder) mapping(n *node, i, rep int) int {
	if i >= len(s.data) || s.data[i] != '{' {
		token, f, end := s.token(i)
		switch {
		case end < 0:
			return -1
		case !s.schema.options.Strict && f == formString && len(bytes.TrimSpace(token)) == 0:
			s.nulls(n, rep, n.def-1)
			return end
		}
		return s.wrongForm(n, f)
	}
	i, last := s.first(i, '}')
	if last {
		s.nulls(n, rep, n.def)
		return i
	}
	start := len(s.rows.Columns[n.leaf])
	var known map[string]struct{}
	for !last {
		if !s.spend(n.end - n.leaf) {
			return -1
		}
		if i >= len(s.data) {
			return s.broken(i, "unexpected end of an object")
		}
		if s.data[i] != '"' {
			return s.broken(i, "unexpected character instead of a key")
		}
		end, fault := jsontext.ScanString(s.data, i)
		if fault != "" {
			return s.broken(end, fault)
		}
		s.scratch = jsontext.AppendUnescaped(s.scratch[:0], s.data[i+1:end-1])
		if options := &s.schema.options; !options.Strict && !options.CaseSensitive {
			s.scratch = lower(s.scratch)
		}
		if !fits(n.key, s.scratch) {
			return s.misfit(n, "Column %s has a key that is longer than %s.", n.path, n.key)
		}
		key := s.bytes(s.scratch)
		if repeated(s.rows.Columns[n.leaf][start:], key.ByteArray(), &known) {
			return s.misfit(n, "Column %s has the same key twice.", n.path)
		}
		s.put(n.leaf, rep, n.def+1, key)
		if i = s.colon(end); i < 0 {
			return -1
		}
		if i = s.value(n.elem, i, rep); i < 0 {
			return -1
		}
		rep = n.rep
		if i, last = s.more(i, '}'); i < 0 {
			return -1
		}
	}
	return i
}

// repeated says whether key is among the keys of a map. From some number of keys on it puts them into known.
func repeated(keys []pq.Value, key []byte, known *map[string]struct{}) bool {
	if len(keys) < 32 {
		for i := range keys {
			if bytes.Equal(keys[i].ByteArray(), key) {
				return true
			}
		}
		return false
	}
	if *known == nil {
		*known = make(map[string]struct{}, 2*len(keys))
		for i := range keys {
			(*known)[string(keys[i].ByteArray())] = struct{}{}
		}
	}
	if _, found := (*known)[string(key)]; found {
		return true
	}
	(*known)[string(key)] = struct{}{}
	return false
}
