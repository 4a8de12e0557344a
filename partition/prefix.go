package partition

import (
	"strings"
	"time"
)

// Kind says what is stored under a prefix; it decides which expressions the prefix may contain and what is
// appended to a prefix that has none.
type Kind uint8

const (
	// Data is the prefix of delivered records. Without any expression it gets yyyy/MM/dd/HH/ appended, with no
	// slash put in between.
	Data Kind = iota
	// Errors is the prefix of records that could not be delivered. With expressions it must contain
	// !{firehose:error-output-type}; without any it gets <error-output-type>/yyyy/MM/dd/HH/ appended.
	Errors
)

// MaxLength is the number of characters a prefix may have after evaluation, as in Firehose. What is appended to
// a prefix without expressions is not counted.
const MaxLength = 512

// maxExpression is the number of characters that an expression may have before evaluation, as in Firehose.
// https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html
const maxExpression = 1024

// longestErrorType is the length of AmazonOpenSearchService-failed, the longest value that Firehose documents
// for !{firehose:error-output-type}.
const longestErrorType = 30

// An Option changes how Parse reads an expression.
type Option func(*Prefix)

// InZone evaluates timestamps in loc. Without it, and for nil, they are in UTC.
func InZone(loc *time.Location) Option {
	return func(p *Prefix) {
		if loc != nil {
			p.loc = loc
		}
	}
}

// WithKeys allows partition keys in a Data prefix, as Firehose does where dynamic partitioning is on. Without it they are
// refused.
func WithKeys() Option {
	return func(p *Prefix) { p.dynamic = true }
}

// Prefix is a parsed prefix expression. It never changes and is safe for concurrent use.
type Prefix struct {
	expr     string
	literal  string
	segments []segment
	keys     []Key
	loc      *time.Location
	names    *zoneNames // of loc, where a letter needs them
	warnings []string

	dynamic   bool
	hive      bool     // values are escaped
	nameBytes int      // of the longest object name, 0 if unknown
	others    []string // places that paths must not begin with
	dotted    bool     // it has a folder . or .. of its own
}

// randomMark stands in a path where a random string will be. No prefix can contain it: Parse refuses control
// characters.
const randomMark = '\x00'

// randomLength is the length of Firehose's random strings.
const randomLength = 11

// String returns the expression as it was written.
func (p *Prefix) String() string { return p.expr }

// literalText is the expression before its first !{.
func (p *Prefix) literalText() string {
	text, _, _ := strings.Cut(p.expr, "!{")
	return text
}

// Literal returns the text before the first expression: every key under the prefix starts with it. A prefix
// without any expression is all literal; the timestamp appended to it is not part of the result.
func (p *Prefix) Literal() string { return p.literal }

// Warnings returns a sentence for each thing in the expression that is allowed but is probably a mistake, such
// as mm where MM is meant; nil if there is none.
func (p *Prefix) Warnings() []string { return append([]string(nil), p.warnings...) }

// MaxBytes returns how many bytes of a key the evaluated prefix takes at most, for years 0 to 9998 and without
// the values of partition keys. S3 allows a key 1024 bytes, object name included.
func (p *Prefix) MaxBytes() int {
	n := 0
	for i := range p.segments {
		n += p.maxBytes(&p.segments[i])
	}
	return n
}

// Path evaluates the prefix for a record that arrived at the given time. Records with equal paths belong in the
// same object. errorType is the value of !{firehose:error-output-type}, such as "processing-failed"; it must
// have no NUL in it, and a Data prefix ignores it. The path is complete but for random strings, whose place is
// held by an internal mark: see [ObjectKey] and [Display]. Partition keys stay as they are written, as
// !{partitionKeyFromQuery:customer}: see [Prefix.KeyedPath]. Like Firehose, it sees whole seconds.
func (p *Prefix) Path(arrival time.Time, errorType string) string {
	return string(p.appendPath(nil, arrival, errorType, nil))
}

// appendPath leaves partition keys as they are written where there are no values.
func (p *Prefix) appendPath(b []byte, arrival time.Time, failure string, values []string) []byte {
	t := arrival.In(p.loc)
	for i := range p.segments {
		if s := &p.segments[i]; s.field == keyValue && values != nil {
			b = p.appendValue(b, values[s.key])
		} else {
			b = p.appendSegment(b, s, t, failure)
		}
	}
	return b
}

// appendSegment evaluates one segment, and leaves a partition key as it is written.
func (p *Prefix) appendSegment(b []byte, s *segment, t time.Time, failure string) []byte {
	switch s.field {
	case literal, keyValue:
		return append(b, s.text...)
	case random:
		return append(b, randomMark)
	case errorType:
		return append(b, failure...)
	}
	return p.appendTime(b, s, t)
}
