//go:build unix

package outages

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"standpipe/internal/unpack"
)

const lake = "lake" // the bucket

// outputs are the prefixes that records belong below: those that are JSON below the first two, the others below the
// last.
var outputs = [...]string{"raw/", "copy/", "errors/"}

// reader reads the bucket as any user can, each object once, and counts records by their numbers.
type reader struct {
	s3     *s3.Client
	truth  *source
	read   map[string]bool
	times  [len(outputs)][]uint8
	wrong  []string // what should not be there
	object int
}

func newReader(client *s3.Client, truth *source) *reader {
	return &reader{s3: client, truth: truth, read: map[string]bool{}}
}

// look reads what has come since the last look.
func (r *reader) look(ctx context.Context) error {
	for output, prefix := range outputs {
		bucket := lake
		pages := s3.NewListObjectsV2Paginator(r.s3, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return fmt.Errorf("list %s: %w", prefix, err)
			}
			for _, object := range page.Contents {
				if r.read[*object.Key] {
					continue
				}
				if err := r.take(ctx, output, *object.Key); err != nil {
					return err
				}
				r.read[*object.Key] = true
			}
		}
	}
	return nil
}

// take counts one object's records.
func (r *reader) take(ctx context.Context, output int, key string) error {
	bucket := lake
	out, err := r.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return fmt.Errorf("get %s: %w", key, err)
	}
	data, err := io.ReadAll(out.Body)
	_ = out.Body.Close()
	if err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	text, err := unpack.Object(key, data)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(text) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		id, record := numberOf(line, prefixed(output))
		if !r.truth.is(id, record) || rubbish(id) != prefixed(output) {
			r.wrong = append(r.wrong, fmt.Sprintf("%s has a line that does not belong there, as record %d: %.200s", key, id, line))
			continue
		}
		if more := id + 1 - len(r.times[output]); more > 0 {
			r.times[output] = append(r.times[output], make([]uint8, more)...)
		}
		r.times[output][id] = min(r.times[output][id]+1, 200)
	}
	r.object++
	return nil
}

// prefixed says whether an output is the one for errors.
func prefixed(output int) bool { return outputs[output] == "errors/" }

// numberOf reads a record's number, -1 where it has none, and gives the record as it was put.
func numberOf(line []byte, isError bool) (id int, record []byte) {
	if isError {
		var e struct {
			RawData []byte `json:"rawData"`
		}
		if json.Unmarshal(line, &e) != nil {
			return -1, line
		}
		if _, err := fmt.Sscanf(string(e.RawData), "no JSON, id %d,", &id); err != nil {
			return -1, line
		}
		return id, e.RawData
	}
	digits, _, _ := bytes.Cut(bytes.TrimPrefix(line, []byte(`{"id":`)), []byte(",")) // the sum says whether the rest is right
	id, err := strconv.Atoi(string(digits))
	if err != nil {
		return -1, line
	}
	return id, line
}

// missing counts the records with numbers below end that are not in each of their outputs, and names some.
func (r *reader) missing(end int) (n int, example string) {
	for output, prefix := range outputs {
		for id := range end {
			if rubbish(id) != prefixed(output) {
				continue
			}
			if id >= len(r.times[output]) || r.times[output][id] == 0 {
				if n++; n < 5 {
					example += fmt.Sprintf(" %d in %s", id, prefix)
				}
			}
		}
	}
	return n, example
}

// faults says what is there more than once, or should not be there.
func (r *reader) faults() string {
	var b strings.Builder
	for output, prefix := range outputs {
		doubled, first := 0, 0
		for id, n := range r.times[output] {
			if n > 1 {
				if doubled++; doubled == 1 {
					first = id
				}
			}
		}
		if doubled > 0 {
			fmt.Fprintf(&b, "%d records are in %s more than once, the first is %d\n", doubled, prefix, first)
		}
	}
	for _, line := range r.wrong[:min(len(r.wrong), 10)] {
		b.WriteString(line + "\n")
	}
	return b.String()
}
