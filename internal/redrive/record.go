package redrive

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"standpipe/partition"
	"standpipe/sink"
)

// Types are the values of !{firehose:error-output-type} for a destination in S3.
var Types = []string{"processing-failed", "format-conversion-failed", "metadata-extraction-failed", "decompression-failed", "activePartitionExceeded"}

// errorRecord is what an error record says, in any of the shapes that Firehose and Standpipe have for one. Names are
// compared without case, so ErrorCode and lambdaArn are read too.
// https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html
type errorRecord struct {
	RawData       *string           `json:"rawData"`
	ErrorCode     string            `json:"errorCode"`
	LastErrorCode string            `json:"lastErrorCode"`
	Arrival       number            `json:"arrivalTimestamp"`
	Shard         string            `json:"shardId"`
	Sequence      text              `json:"sequenceNumber"`
	SubSequence   number            `json:"subSequenceNumber"`
	Part          number            `json:"part"`
	After         string            `json:"rawDataAfter"`
	Output        string            `json:"output"`
	Keys          map[string]string `json:"partitionKeys"`
	Table         json.RawMessage   `json:"dataCatalogTable"`
}

// number is a JSON number, or one in a string.
type number struct {
	n   int64
	set bool
}

func (n *number) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `" `)
	if s == "null" || s == "" {
		return nil
	}
	i, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		f, ferr := strconv.ParseFloat(s, 64)
		if ferr != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return fmt.Errorf("%.40q is no whole number", s)
		}
		i = int64(f)
	}
	*n = number{i, true}
	return nil
}

// text is a JSON string, or a number that stands for its digits.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case string(b) == "null":
	case b[0] != '"':
		s = string(b)
	default:
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
	}
	*t = text(s)
	return nil
}

// latest is the last time that an arrival may have: the end of the year 9999.
var latest = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// parsed is an error record that can be redriven.
type parsed struct {
	kind string // of Types
	code string
	rec  sink.Record
}

// parse reads an error record. key is that of its object, whose path may name the type. The error says why it is none.
func parse(data []byte, key string) (parsed, error) {
	var e errorRecord
	if err := json.Unmarshal(data, &e); err != nil {
		return parsed{}, sayNot(err)
	}
	code := e.ErrorCode
	if code == "" {
		code = e.LastErrorCode
	}
	switch {
	case e.RawData == nil:
		return parsed{}, errors.New("it has no rawData: it is no error record")
	case code == "":
		return parsed{}, errors.New("it has no errorCode: it is no error record")
	case !e.Arrival.set:
		return parsed{}, errors.New("it has no arrivalTimestamp")
	case e.Arrival.n < 0 || e.Arrival.n >= latest:
		return parsed{}, fmt.Errorf("its arrivalTimestamp %d is no time in milliseconds", e.Arrival.n)
	}
	raw, err := base64.StdEncoding.DecodeString(*e.RawData)
	if err != nil {
		return parsed{}, errors.New("its rawData is no base64")
	}
	p := parsed{kind: typeOf(key, code, e), code: code, rec: sink.Record{
		Data: raw, Arrival: millis(e.Arrival.n), Sequence: string(e.Sequence), SubSequence: int(e.SubSequence.n), Part: int(e.Part.n),
		RawAfter: e.After, Redriven: &sink.Redriven{Shard: e.Shard, Output: e.Output},
	}}
	for name, v := range e.Keys {
		source, name, _ := strings.Cut(name, ":")
		p.rec.Keys = append(p.rec.Keys, sink.KeyValue{Key: partition.Key{Source: partition.Source(source), Name: name}, Value: v})
	}
	slices.SortFunc(p.rec.Keys, func(a, b sink.KeyValue) int { return strings.Compare(a.Key.String(), b.Key.String()) })
	return p, nil
}

// sayNot says of an error of encoding/json what it means, without the record's bytes.
func sayNot(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("its %s is a %s", wrong.Field, wrong.Value)
	}
	return fmt.Errorf("it is no error record: %w", err)
}

// typeOf is the error-output-type: that of the key's path where it names one, else by the record's shape and code.
func typeOf(key, code string, e errorRecord) string {
	if t := TypeOf(key); t != "" {
		return t
	}
	switch {
	case code == "DynamicPartitioning.ActivePartitionsLimitExceeded":
		return "activePartitionExceeded"
	case strings.HasPrefix(code, "DynamicPartitioning."):
		return "metadata-extraction-failed"
	case strings.HasPrefix(strings.ToLower(code), "decompression"):
		return "decompression-failed"
	case e.LastErrorCode != "" || strings.HasPrefix(code, "DataFormatConversion.") || len(e.Table) > 0 && !bytes.Equal(e.Table, []byte("null")):
		return "format-conversion-failed"
	}
	return "processing-failed"
}

// TypeOf is the error-output-type that a key names, "" where it names none.
func TypeOf(key string) string {
	for _, t := range Types {
		if names(key, t) {
			return t
		}
	}
	return ""
}

// names says whether a key has a type as a word of its own, as prefixes are written. Firehose puts the name of its stream
// right behind a prefix without a slash.
func names(key, kind string) bool {
	i := strings.Index(key, kind)
	return i >= 0 && (i == 0 || strings.IndexByte("/=-_.", key[i-1]) >= 0)
}

// millis is a time by its milliseconds.
func millis(n int64) time.Time { return time.UnixMilli(n).UTC() }
