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

// pieces walks over the pieces of a record in order, until each returns false. Pieces are part of data. what is empty, or
// says what is wrong at index at of the record.
type pieces func(data []byte, each func(piece []byte) bool) (at int, what string)

// NewSplit makes the step that splits records: json into the JSON values that follow each other, array into the elements
// of a JSON array, delimiter at each delimiter. A record whose pieces are together larger than maxBytes, counting 100
// bytes more for each, can not be taken, and neither can one of which any part is no JSON, by json and array. Its error is
// about what to split by.
func NewSplit(name, by, delimiter string, maxBytes int64) (Each, error) {
	s := &split{name: name, limit: maxBytes}
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
	n, size := 0, int64(0)
	at, what := s.pieces(rec.Data, func(piece []byte) bool {
		if !blank(piece) {
			n++
			size += int64(len(piece)) + recordOverhead
		}
		return true
	})
	switch {
	case what != "":
		return yield(refused(rec, s.name, processingFailed, splitCode, fmt.Sprintf("%s at byte %d", what, at)))
	case n > 1 && size > s.limit:
		return yield(refused(rec, s.name, processingFailed, splitCode, tooMany(n, s.limit)))
	}
	more := true
	s.pieces(rec.Data, func(data []byte) bool {
		made := piece(rec, s.name, data)
		switch {
		case blank(data):
			made = piece(rec, s.name, nil)
		case n == 1:
			made = changed(rec, data)
		}
		more = yield(made)
		return more
	})
	return more
}

// tooMany says that so many pieces are more than max_bytes allows.
func tooMany(n int, limit int64) string {
	return fmt.Sprintf("its %d pieces, with %d bytes more for each, are larger than max_bytes, which is %d", n, recordOverhead, limit)
}
