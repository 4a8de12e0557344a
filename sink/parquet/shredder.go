package parquet

import (
	"fmt"

	pq "github.com/parquet-go/parquet-go"

	"standpipe/internal/jsontext"
)

// maxValues is how many values a record may make, nulls counted. A column costs some dozen bytes for each row and each
// member of a list, however few bytes the record has for it: a megabyte of {}{}{} would take gigabytes of a wide table.
const maxValues = 2 << 20

// Shredder turns JSON records into rows of one schema, in one pass over their bytes. It is for one goroutine; make one
// for each. It learns the order and spelling of keys from the records it sees, for speed only.
type Shredder struct {
	schema *Schema
	rows   *Rows // during Append
	data   []byte
	fault  FitError
	spent  int // of maxValues, as a bound from above

	guesses  []int32  // by node.slot and the field before: the field that followed it last time, or -1
	spelling []string // by node.slot and field: a spelling of its key that was found before
	seen     []uint64 // bits of the fields found, for each open struct
	scratch  []byte
	rest     []byte // the unknown keys of the document, as an object without its end
}

// NewShredder makes a Shredder for the schema.
func (s *Schema) NewShredder() *Shredder {
	return &Shredder{schema: s, guesses: make([]int32, s.slots), spelling: make([]string, s.slots)}
}

// Append adds the JSON documents of a record to rows, one row each, and returns how many it added. Documents are objects
// that follow each other with or without white space; without Strict they may also be arrays, which fill the columns by
// position. A UTF-8 byte order mark at the start is dropped.
//
// If any of them does not fit, or the record is not JSON, nothing is added and the error is a *[FitError]: not being JSON
// anywhere comes before not fitting. The grammar is that of NDJSON outputs, so one refuses what the other refuses.
// Append allocates only to grow rows, for an error, and for the first spelling of a key. record is not changed or kept.
func (s *Shredder) Append(rows *Rows, record []byte) (n int, err error) {
	rows.start(s.schema.root.end)
	s.rows, s.data, s.seen, s.spent = rows, record, s.seen[:0], 0
	n = s.documents()
	s.rows, s.data = nil, nil
	if n < 0 {
		rows.undo()
		return 0, s.judge(record)
	}
	rows.keep(n)
	return n, nil
}

// documents shreds all documents of the record and returns their number, or -1 with s.fault set.
func (s *Shredder) documents() int {
	i := 0
	if len(s.data) >= len(jsontext.ByteOrderMark) && string(s.data[:len(jsontext.ByteOrderMark)]) == jsontext.ByteOrderMark {
		i = len(jsontext.ByteOrderMark)
	}
	if i, _ = jsontext.SkipSpace(s.data, i); i == len(s.data) {
		s.fault = FitError{Code: CodeMalformedData, Message: messageEmpty}
		return -1
	}
	n := 0
	for i < len(s.data) {
		if i = s.document(i); i < 0 {
			return -1
		}
		n++
		i, _ = jsontext.SkipSpace(s.data, i)
	}
	return n
}

// appendUntil adds documents that stand in data from index i on, and are known to fit, until rows have so many bytes. It
// returns the index of the next one.
func (s *Shredder) appendUntil(rows *Rows, enough int64, data []byte, i int) (next int, err error) {
	rows.start(s.schema.root.end)
	s.rows, s.data = rows, data
	defer func() { s.rows, s.data = nil, nil }()
	for i, _ = jsontext.SkipSpace(data, i); i < len(data) && rows.Bytes < enough; i, _ = jsontext.SkipSpace(data, i) {
		s.seen, s.spent = s.seen[:0], 0
		if i = s.document(i); i < 0 {
			rows.undo()
			fault := s.fault
			return 0, &fault
		}
		rows.keep(1)
	}
	return i, nil
}

// spend notes values that are about to be made, and says whether the record may make them.
func (s *Shredder) spend(n int) bool {
	if s.spent += n; s.spent <= maxValues {
		return true
	}
	s.fault = FitError{Code: CodeMalformedData, Message: fmt.Sprintf("%sThe record has more than %d values, nulls counted.", mismatch, maxValues)}
	return false
}

func (s *Shredder) document(i int) int {
	root := s.schema.root
	s.rest = s.rest[:0]
	switch {
	case !s.spend(root.end):
		return -1
	case s.data[i] == '{':
		i = s.object(root, i, 0)
	case s.data[i] != '[':
		s.fault = FitError{Code: CodeMalformedData, Message: messagePrimitive}
		return -1
	case s.schema.options.Strict:
		s.fault = FitError{Code: CodeMalformedData, Message: mismatch + "An array where a record is expected, which is an object."}
		return -1
	default:
		i = s.positions(root, i, 0)
	}
	if i >= 0 && s.schema.rest >= 0 {
		s.keepRest()
	}
	return i
}

// judge makes the error of a record that failed. A record that is not JSON at all is called that, wherever it stopped
// fitting.
func (s *Shredder) judge(record []byte) error {
	if s.fault.Code == CodeMalformedData && s.fault.Message != messageEmpty {
		i := 0
		if len(record) >= len(jsontext.ByteOrderMark) && string(record[:len(jsontext.ByteOrderMark)]) == jsontext.ByteOrderMark {
			i = len(jsontext.ByteOrderMark)
		}
		for i, _ = jsontext.SkipSpace(record, i); i < len(record); i, _ = jsontext.SkipSpace(record, i) {
			end, _, fault := jsontext.ScanValue(record, i)
			if fault != "" {
				s.broken(end, fault)
				break
			}
			i = end
		}
	}
	fault := s.fault
	return &fault
}

// value shreds the value at data[i] and returns the index after it, or -1 with s.fault set. rep is the repetition level
// of its first entry in each column.
func (s *Shredder) value(n *node, i, rep int) int {
	if i < len(s.data) && s.data[i] == 'n' {
		end, fault := jsontext.ScanLiteral(s.data, i, "null")
		if fault != "" {
			return s.broken(end, fault)
		}
		s.nulls(n, rep, n.def-1)
		return end
	}
	switch n.kind {
	case structure:
		return s.structure(n, i, rep)
	case list:
		return s.list(n, i, rep)
	case mapping:
		return s.mapping(n, i, rep)
	case text:
		return s.text(n, i, rep)
	}
	return s.scalar(n, i, rep)
}

// put appends a value to a column.
func (s *Shredder) put(column, rep, def int, v pq.Value) {
	s.rows.Columns[column] = append(s.rows.Columns[column], v.Level(rep, def, column))
}

// nulls appends an entry without a value to all columns of n.
func (s *Shredder) nulls(n *node, rep, def int) {
	for column := n.leaf; column < n.end; column++ {
		s.put(column, rep, def, pq.Value{})
	}
}

// after passes white space.
func (s *Shredder) after(i int) int {
	if i < len(s.data) && s.data[i] <= ' ' {
		i, _ = jsontext.SkipSpace(s.data, i)
	}
	return i
}

// more passes what stands between two members of a container: it returns the index of the next one, or that after the
// container with last set.
func (s *Shredder) more(i int, closing byte) (next int, last bool) {
	if i = s.after(i); i < len(s.data) {
		switch s.data[i] {
		case ',':
			return s.after(i + 1), false
		case closing:
			return i + 1, true
		}
	}
	switch {
	case i >= len(s.data):
		return s.broken(i, "unexpected end inside an object or array"), false
	case closing == '}':
		return s.broken(i, "unexpected character instead of , or } in an object"), false
	}
	return s.broken(i, "unexpected character instead of , or ] in an array"), false
}

// first passes the opening bracket at data[i]: it returns the index of the first member, or that after an empty
// container with empty set.
func (s *Shredder) first(i int, closing byte) (next int, empty bool) {
	if i = s.after(i + 1); i < len(s.data) && s.data[i] == closing {
		return i + 1, true
	}
	return i, false
}

// skip passes a value that no column takes.
func (s *Shredder) skip(i int) int {
	end, _, fault := jsontext.ScanValue(s.data, i)
	if fault != "" {
		return s.broken(end, fault)
	}
	return end
}
