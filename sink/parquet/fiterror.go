package parquet

import "fmt"

// Codes of a [FitError], those of Firehose.
// https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-error-handling.html
const (
	CodeParseError    = "DataFormatConversion.ParseError"
	CodeMalformedData = "DataFormatConversion.MalformedData"
)

// FitError says why a record can not become rows. Its message is in the words of Firehose where those are known, and may
// quote up to 64 characters of one value where Firehose's own does; else it repeats nothing of the record.
type FitError struct {
	Code    string
	Message string
	Column  string // where in the schema the value does not fit, such as "params.price"; "" where it is the whole record
}

func (e *FitError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("convert record: %s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("convert record at column %s: %s: %s", e.Column, e.Code, e.Message)
}

// NotJSON says that the record holds no JSON at all, so that it fits no schema.
func (e *FitError) NotJSON() bool { return e.Code == CodeParseError || e.Message == messageEmpty }

const (
	messageEmpty     = "The record was empty or contained only whitespace."
	messagePrimitive = "The input JSON contained a primitive at the top level. The top level must be an object or array."
	mismatch         = "Data does not match the schema. "
	maxQuote         = 64
)

// form is what kind of JSON value a token is.
type form byte

const (
	formNumber form = iota + 1
	formString
	formBool
	formObject
	formArray
)

func (f form) String() string {
	return [...]string{"", "a number", "a string", "a boolean", "an object", "an array"}[f]
}

// misfit notes that the record does not match the schema, and returns the index that says so to all callers.
func (s *Shredder) misfit(n *node, format string, args ...any) int {
	s.fault = FitError{CodeMalformedData, mismatch + fmt.Sprintf(format, args...), n.path}
	return -1
}

// broken notes that the record is not JSON at data[i].
func (s *Shredder) broken(i int, fault string) int {
	s.fault = FitError{Code: CodeParseError, Message: fmt.Sprintf("Encountered malformed JSON. Found %s at byte %d.", fault, i)}
	return -1
}

func (s *Shredder) wrongForm(n *node, f form) int {
	return s.misfit(n, "Column %s of type %s can not hold %s.", n.path, n.hiveType.name, f)
}

// unreadable is the text of Java's NumberFormatException, which Firehose passes on.
func (s *Shredder) unreadable(n *node, token []byte) int {
	return s.misfit(n, "For input string: \"%s\"", clip(string(token), maxQuote))
}

func (s *Shredder) outOfRange(n *node) int {
	return s.misfit(n, "Value out of range for column %s of type %s.", n.path, n.hiveType)
}
