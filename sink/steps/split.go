package steps

import (
	"errors"
	"fmt"

	"standpipe/sink"
)

// The type and code of records that can not be split.
const (
	processingFailed = "processing-failed"
	splitCode        = "Standpipe.Split"
)

// pieces finds the pieces of a record in their order, until add returns false. what is empty, or says what is wrong at
// index at of the record.
type pieces func(data []byte, add func(start, end int) bool) (at int, what string)

// NewSplit makes the step that splits records: json into the JSON values that follow each other, array into the elements
// of a JSON array, delimiter at each delimiter. A record whose pieces are together larger than maxBytes, counting 100
// bytes more for each, can not be taken, and neither can one of which any part is no JSON, by json and array. Its error is
// about what to split by.
func NewSplit(name, by, delimiter string, maxBytes int64) (Each, error) {
	s := &split{name: name, limit: min(maxBytes, maxSpanned)}
	switch by {
	case "json":
		s.pieces = values
	case "array":
		s.pieces = elements
	case "delimiter":
		if delimiter == "" {
			return nil, errors.New("needs a delimiter")
		}
		s.pieces = between([]byte(delimiter))
	default:
		return nil, fmt.Errorf("must be json, array or delimiter, not %q", by)
	}
	return s, nil
}

type split struct {
	name   string
	limit  int64
	pieces pieces
}

var _ Each = (*split)(nil)

func (s *split) Name() string { return s.name }

func (s *split) Do(rec sink.Record, yield func(sink.Record) bool) bool {
	list := spanLists.Get().(*[]span)
	found := (*list)[:0]
	defer func() { keep(list, found) }()
	blanks, size := 0, int64(0)
	at, what := s.pieces(rec.Data, func(start, end int) bool {
		if blank(rec.Data[start:end]) {
			blanks++
			return true
		}
		found = append(found, span{int32(start), int32(end)})
		size += int64(end-start) + recordOverhead
		return size <= s.limit || len(found) == 1
	})
	switch {
	case what != "":
		return yield(refused(rec, s.name, processingFailed, splitCode, fmt.Sprintf("%s at byte %d", what, at)))
	case len(found) > 1 && size > s.limit:
		return yield(refused(rec, s.name, processingFailed, splitCode, tooMuch(s.limit)))
	}
	for range blanks {
		if !yield(piece(rec, s.name, nil)) {
			return false
		}
	}
	if len(found) == 1 {
		return yield(changed(rec, found[0].of(rec.Data)))
	}
	for _, f := range found {
		if !yield(piece(rec, s.name, f.of(rec.Data))) {
			return false
		}
	}
	return true
}

// tooMuch says that the pieces of a record are more than max_bytes allows.
func tooMuch(limit int64) string {
	return fmt.Sprintf("its pieces, with %d bytes more for each, are larger than max_bytes, which is %d", recordOverhead, limit)
}
