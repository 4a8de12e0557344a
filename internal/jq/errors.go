package jq

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/itchyny/gojq"
)

// SyntaxError says why data is not JSON. Its message never repeats bytes of the data.
type SyntaxError struct {
	Offset int // of the first offending byte
	What   string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.What, e.Offset) }

func fault(at int, what string) error { return &SyntaxError{at, what} }

// LimitError says which bound a record or a program on it passed.
type LimitError struct{ What string }

func (e *LimitError) Error() string { return e.What }

// TimeError says that a program took too long for a record.
type TimeError struct{ Limit time.Duration }

func (e *TimeError) Error() string {
	return fmt.Sprintf("the program took more than %s for the record", e.Limit)
}

// maxMessage is how many characters of a program's error are shown. Its values may be a user's data.
const maxMessage = 200

// runError makes of what a program ended with what may be shown. It is nil where the program ended itself by halt.
func runError(err error) error {
	var limit *LimitError
	var late *TimeError
	if errors.As(err, &limit) || errors.As(err, &late) {
		return err
	}
	var halt *gojq.HaltError
	var raised gojq.ValueError
	switch {
	case errors.As(err, &halt) && halt.Value() == nil:
		return nil
	case errors.As(err, &raised):
		if s, ok := raised.Value().(string); ok {
			return errors.New("the program ended with error: " + Excerpt(s, maxMessage/2))
		}
		return errors.New("the program ended with error: " + gojq.Preview(raised.Value()))
	}
	return errors.New(Excerpt(err.Error(), maxMessage))
}

// Excerpt is the first characters of a text, those that can not be printed replaced.
func Excerpt(s string, most int) string {
	var out strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > most {
			return out.String() + " ..."
		}
		if !unicode.IsPrint(r) {
			r = '?'
		}
		out.WriteRune(r)
	}
	return out.String()
}
