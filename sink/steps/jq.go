package steps

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"standpipe/internal/jq"
	"standpipe/sink"
)

// The forms of what a jq program takes and gives.
const (
	JSON = "json" // JSON values
	Text = "text" // a record's bytes as a string, and strings as a record's bytes
)

// JQ says what a jq step does.
type JQ struct {
	Program  string
	Input    string        // [JSON] or [Text]; "" is JSON
	Output   string        // [JSON] or [Text]; "" is JSON
	MaxBytes int64         // that all results of one record may have together
	Timeout  time.Duration // of one record
}

// memory is what a program may hold for a record whose results may have some bytes: a value in memory takes some times
// its text. Programs on small records need some all the same.
func memory(maxBytes int64) int64 { return max(2*maxBytes, 64<<20) }

// NewJQ makes the step that runs a jq program. Its error is about the program.
func NewJQ(name string, do JQ) (Each, error) {
	p, err := jq.Compile(do.Program, jq.Limits{Bytes: do.MaxBytes, Memory: memory(do.MaxBytes), Time: do.Timeout})
	if err != nil {
		return nil, err
	}
	return &jqStep{name, p, do.Input == Text, do.Output == Text, memory(do.MaxBytes)}, nil
}

type jqStep struct {
	name            string
	program         *jq.Program
	textIn, textOut bool
	memory          int64
}

func (s *jqStep) Name() string { return s.name }

// Do makes of a record the results of the program. What the program gives back as it got it keeps its bytes.
func (s *jqStep) Do(rec sink.Record, yield func(sink.Record) bool) bool {
	var results [][]byte
	var err error
	if s.textIn {
		results, err = s.onText(rec.Data)
	} else {
		results, err = s.onValues(rec.Data)
	}
	if err != nil {
		rec.Failure = jqFailure(s.name, err)
		return yield(rec)
	}
	if len(results) == 1 {
		return yield(changed(rec, results[0]))
	}
	for _, data := range results {
		if !yield(piece(rec, s.name, data)) {
			return false
		}
	}
	return true
}

// onText runs the program on the record's bytes as a string.
func (s *jqStep) onText(data []byte) (results [][]byte, err error) {
	line := bytes.TrimSuffix(data, []byte("\n"))
	if len(line) < len(data) {
		line = bytes.TrimSuffix(line, []byte("\r"))
	}
	text := strings.ToValidUTF8(string(line), "\uFFFD")
	e := s.program.NewEncoder()
	err = s.program.Run(text, func(v any) error {
		if s.textOut && v == any(text) {
			results = append(results, data)
			return e.Charge(len(data))
		}
		result, err := s.encode(e, nil, v)
		results = append(results, result)
		return err
	})
	return results, err
}

// onValues runs the program on each of the record's JSON values.
func (s *jqStep) onValues(data []byte) (results [][]byte, err error) {
	e := s.program.NewEncoder()
	r := jq.NewReader(data, s.memory)
	values, unchanged := 0, true
	for values == 0 || r.More() {
		doc, err := r.Next()
		if err != nil {
			return nil, err
		}
		values++
		before := len(results)
		err = s.program.Run(doc.Value, func(v any) error {
			if doc.Is(v) && !(s.textOut && isString(v)) {
				results = append(results, doc.Bytes(data))
				return e.Charge(len(results[len(results)-1]))
			}
			unchanged = false
			result, err := s.encode(e, doc, v)
			results = append(results, result)
			return err
		})
		if err != nil {
			return nil, err
		}
		unchanged = unchanged && len(results) == before+1
	}
	if unchanged {
		return [][]byte{data}, nil // with the space around its values
	}
	return results, nil
}

func isString(v any) bool {
	_, ok := v.(string)
	return ok
}

func (s *jqStep) encode(e *jq.Encoder, doc *jq.Document, v any) ([]byte, error) {
	if text, ok := v.(string); ok && s.textOut {
		return []byte(text), e.Charge(len(text))
	}
	return e.JSON(doc, v)
}

// jqFailure says why a program could not take a record.
func jqFailure(step string, err error) *sink.Failure {
	f := &sink.Failure{Type: "processing-failed", Code: "Standpipe.JQ", Message: err.Error(), Step: step}
	var syntax *jq.SyntaxError
	var limit *jq.LimitError
	var late *jq.TimeError
	switch {
	case errors.As(err, &syntax):
		f.Code = "Standpipe.NotJSON"
	case errors.As(err, &limit):
		f.Code = "Standpipe.JQLimit"
	case errors.As(err, &late):
		f.Code = "Standpipe.JQTimeout"
	}
	return f
}
