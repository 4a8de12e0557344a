package parquet

import (
	"bytes"

	pq "github.com/parquet-go/parquet-go"

	"standpipe/internal/jsontext"
)

// structure shreds a value into a struct below the top level.
func (s *Shredder) structure(n *node, i, rep int) int {
	if i < len(s.data) && s.data[i] == '{' {
		return s.object(n, i, rep)
	}
	token, f, end := s.token(i)
	switch {
	case end < 0:
		return -1
	case s.schema.options.Strict:
		return s.wrongForm(n, f)
	case f == formArray:
		return s.positions(n, i, rep)
	case f == formString && len(bytes.TrimSpace(token)) == 0:
		s.nulls(n, rep, n.def-1)
		return end
	}
	return s.misfit(n, "Data is not JSONObject  but %s with value %s", javaClass(token, f), clip(string(token), maxQuote))
}

// javaClass is the class in which Firehose holds a scalar.
func javaClass(token []byte, f form) string {
	switch {
	case f == formString:
		return "java.lang.String"
	case f == formBool:
		return "java.lang.Boolean"
	case bytes.ContainsAny(token, ".eE"):
		return "java.lang.Double"
	}
	if _, ok := parseInt(token, 64); !ok {
		return "java.math.BigInteger"
	}
	return "java.lang.Long"
}

// object shreds the object at data[i] into the fields of n.
func (s *Shredder) object(n *node, i, rep int) int {
	bits := s.open(n)
	found, before := 0, -1
	i, last := s.first(i, '}')
	for !last {
		if i >= len(s.data) {
			return s.broken(i, "unexpected end of an object")
		}
		if s.data[i] != '"' {
			return s.broken(i, "unexpected character instead of a key")
		}
		start := i
		end, fault := jsontext.ScanString(s.data, i)
		if fault != "" {
			return s.broken(end, fault)
		}
		key := s.data[start+1 : end-1]
		if i = s.colon(end); i < 0 {
			return -1
		}
		f := s.lookup(n, before, key)
		if f < 0 {
			from := i
			if i = s.skip(i); i < 0 {
				return -1
			}
			if n == s.schema.root && s.schema.rest >= 0 {
				s.addRest(s.data[start:end], s.data[from:i])
			}
		} else {
			before = f
			from := i
			for ; f >= 0; f = n.fields[f].also {
				if s.mark(bits, f) {
					return s.duplicate(n.fields[f].node)
				}
				if i = s.value(n.fields[f].node, from, rep); i < 0 {
					return -1
				}
				found++
			}
		}
		if i, last = s.more(i, '}'); i < 0 {
			return -1
		}
	}
	s.close(n, bits, found, rep)
	return i
}

// positions shreds the array at data[i] into the fields of n, one by one: what is beyond them is dropped, missing ones are
// null. At the top level an object in it is refused: Firehose's documentation rules out records such as [{"a":1},{"a":2}],
// and by position they would become rows nobody meant.
func (s *Shredder) positions(n *node, i, rep int) int {
	bits := s.open(n)
	f := 0
	i, last := s.first(i, ']')
	for !last {
		switch {
		case n == s.schema.root && i < len(s.data) && s.data[i] == '{':
			s.fault = FitError{Code: CodeMalformedData, Message: mismatch + "The record is an array of objects; they have to follow each other without brackets and commas."}
			return -1
		case f < len(n.fields):
			s.mark(bits, f)
			i = s.value(n.fields[f].node, i, rep)
			f++
		default:
			i = s.skip(i)
		}
		if i < 0 {
			return -1
		}
		if i, last = s.more(i, ']'); i < 0 {
			return -1
		}
	}
	s.close(n, bits, f, rep)
	return i
}

// open makes room for a bit per field of n.
func (s *Shredder) open(n *node) (bits int) {
	bits = len(s.seen)
	for range (len(n.fields) + 63) / 64 {
		s.seen = append(s.seen, 0)
	}
	return bits
}

// mark notes that field f was found, and says whether it was before.
func (s *Shredder) mark(bits, f int) (twice bool) {
	word, bit := &s.seen[bits+f/64], uint64(1)<<(f%64)
	twice = *word&bit != 0
	*word |= bit
	return twice
}

// close makes the fields null that were not found.
func (s *Shredder) close(n *node, bits, found, rep int) {
	if found < len(n.fields) {
		for f := range n.fields {
			if s.seen[bits+f/64]&(1<<(f%64)) == 0 {
				s.nulls(n.fields[f].node, rep, n.def)
			}
		}
	}
	s.seen = s.seen[:bits]
}

func (s *Shredder) duplicate(n *node) int {
	return s.misfit(n, "Column %s is filled by two keys of the same object.", n.path)
}

// colon passes the colon after a key, and the white space around it.
func (s *Shredder) colon(i int) int {
	if i = s.after(i); i >= len(s.data) {
		return s.broken(i, "unexpected end of an object")
	}
	if s.data[i] != ':' {
		return s.broken(i, "unexpected character instead of : after a key")
	}
	return s.after(i + 1)
}

// addRest keeps a key with its quotes and a value.
func (s *Shredder) addRest(key, value []byte) {
	open := byte(',')
	if len(s.rest) == 0 {
		open = '{'
	}
	s.rest = append(append(append(s.rest, open), key...), ':')
	s.rest = jsontext.AppendCompact(s.rest, value)
}

func (s *Shredder) keepRest() {
	if len(s.rest) == 0 {
		s.put(s.schema.rest, 0, 0, pq.Value{})
		return
	}
	s.put(s.schema.rest, 0, 1, s.bytes(append(s.rest, '}')))
}
