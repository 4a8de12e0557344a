package steps

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"standpipe/internal/jq"
	"standpipe/partition"
	"standpipe/sink"
)

// keysBytes and keysMemory are what the program of partition keys may make of a record, and hold meanwhile.
const (
	keysBytes  = 64 << 20
	keysMemory = 2 * keysBytes
)

// PartitionKeys is the step that finds the values of partition keys in records, as Firehose's MetadataExtraction does. The
// records' bytes stay as they are.
// https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html
type PartitionKeys struct {
	name    string
	program *jq.Program
}

// NewPartitionKeys makes the step that finds partition keys by a jq program, which gives an object of them. Its error is
// about the program.
func NewPartitionKeys(name, program string, timeout time.Duration) (*PartitionKeys, error) {
	p, err := jq.Compile(program, jq.Limits{Bytes: keysBytes, Memory: keysMemory, Time: timeout})
	if err != nil {
		return nil, err
	}
	return &PartitionKeys{name, p}, nil
}

// Name is the step's name.
func (s *PartitionKeys) Name() string { return s.name }

// Keys gives the names of the partition keys that the program finds, in order. known is false where they can not be known
// without a record: where the program is more than an object whose keys are written out.
func (s *PartitionKeys) Keys() (names []string, known bool) { return s.program.ObjectKeys() }

// Do gives the record its partition keys. Those that a step before found stay, unless they have the same names.
func (s *PartitionKeys) Do(rec sink.Record, yield func(sink.Record) bool) bool {
	found, err := s.find(rec.Data)
	if err != nil {
		rec.Failure = keysFailure(s.name, err)
		return yield(rec)
	}
	for _, k := range rec.Keys {
		if !slices.ContainsFunc(found, func(f sink.KeyValue) bool { return f.Key == k.Key }) {
			found = append(found, k)
		}
	}
	rec.Keys = found
	return yield(rec)
}

// firehoseError is a message of Firehose's, in its words.
type firehoseError string

func (e firehoseError) Error() string { return string(e) }

const (
	errNotJSON firehoseError = "Non JSON record provided"
	errNoValue firehoseError = "partitionKeys values must not be null or empty"
)

func (s *PartitionKeys) find(data []byte) ([]sink.KeyValue, error) {
	r := jq.NewReader(data, keysMemory)
	doc, err := r.Next()
	var syntax *jq.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, errNotJSON
	case err != nil:
		return nil, err
	case r.More(): // Firehose too wants records split before
		return nil, errNotJSON
	}
	var found []sink.KeyValue
	results := 0
	err = s.program.Run(doc.Value, func(v any) error {
		if results++; results > 1 {
			return errors.New("the program of the partition keys gave several results; it must give one object")
		}
		object, ok := v.(map[string]any)
		if !ok {
			return errors.New("the program of the partition keys gave " + article(v) + "; it must give an object")
		}
		found, err = keyValues(object)
		return err
	})
	if err == nil && results == 0 {
		err = errors.New("the program of the partition keys gave no result; it must give an object")
	}
	return found, err
}

// keyValues gives the partition keys of an object, sorted by name.
func keyValues(object map[string]any) ([]sink.KeyValue, error) {
	found := make([]sink.KeyValue, 0, len(object))
	for name, v := range object {
		text := ""
		switch v := v.(type) {
		case string:
			text = v
		case nil:
		case []any, map[string]any:
			return nil, fmt.Errorf("the value of the partition key %q is %s; it must be a string, a number, true or false", jq.Excerpt(name, 64), article(v))
		default:
			text = jq.Scalar(v)
		}
		if text == "" {
			return nil, errNoValue
		}
		found = append(found, sink.KeyValue{Key: partition.Key{Source: partition.Query, Name: name}, Value: partition.Clip(text)})
	}
	slices.SortFunc(found, func(a, b sink.KeyValue) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

// article names the type of a value.
func article(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case int, float64, *big.Int, json.Number:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "an array"
	}
	return "an object"
}

// keysFailure says why a record has no partition keys, with Firehose's type and code.
func keysFailure(step string, err error) *sink.Failure {
	return &sink.Failure{Type: "metadata-extraction-failed", Code: "DynamicPartitioning.MetadataExtractionFailed", Message: err.Error(), Step: step}
}
