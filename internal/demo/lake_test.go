package demo

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"standpipe/internal/kinesisfake"
)

// lake is a folder as a flawless worker would have left it, to be damaged by a test.
type lake struct {
	t      *testing.T
	folder string
	truth  *truth
}

const (
	dataKey  = "clicks/year=2026/month=01/day=31/hour=23/a.ndjson.gz"
	errorKey = "errors/processing-failed/year=2026/month=01/day=31/hour=23/b.ndjson.gz"
)

var arrivalTime = time.Date(2026, 1, 31, 23, 30, 0, 0, time.UTC)

// flawless is what lies in every new lake.
var flawless = sync.OnceValue(func() (l struct {
	truth        *truth
	data, errors []string
}) {
	l.truth, l.data, l.errors = newTruth(newIdentities(5)), nil, nil
	if err := fill(l.truth, &l.data, &l.errors); err != nil {
		panic(err)
	}
	return l
})

func newLake(t *testing.T) *lake {
	t.Helper()
	from := flawless()
	l := &lake{t: t, folder: t.TempDir(), truth: from.truth}
	l.write(dataKey, from.data)
	l.write(errorKey, from.errors)
	l.file("_standpipe/standpipe-demo/journal.ndjson", []byte("{}\n"))
	return l
}

// fill puts records, and makes the lines that must become of them.
func fill(truth *truth, data, errors *[]string) error {
	kinesis := kinesisfake.New(kinesisfake.Options{Now: func() time.Time { return arrivalTime }})
	if err := kinesis.CreateStream(stream, shards); err != nil {
		return err
	}
	src := newSource(truth.ids, 5, lakeRecords)
	for {
		d, ok := src.next(arrivalTime)
		if !ok {
			break
		}
		var at place
		err := truth.put(d, func(key string, data []byte) (string, string, error) {
			shard, sequence, err := kinesis.Put(stream, key, data)
			at = place{shard, sequence}
			return shard, sequence, err
		})
		if err != nil {
			return err
		}
		if d.records[0].rejected {
			line, err := json.Marshal(errorLine{d.data, "Standpipe.NotJSON", "why", arrivalTime.UnixMilli(), at.shard, at.sequence, "", ""})
			if err != nil {
				return err
			}
			*errors = append(*errors, string(line))
			continue
		}
		lines, err := linesOf(d)
		if err != nil {
			return err
		}
		*data = append(*data, lines...)
	}
	return truth.settle(kinesis, stream)
}

// linesOf makes a good draft's lines by encoding/json alone. It knows aggregates by their magic number, and finds the
// values in them where they begin.
func linesOf(d draft) ([]string, error) {
	var lines []string
	rest := d.data
	for _, r := range d.records {
		for range r.values {
			if i := bytes.IndexAny(rest, "{[\""); len(d.records) > 1 && i >= 0 {
				rest = rest[i:]
				for !startsValue(rest) {
					rest = rest[1:]
				}
			}
			var raw json.RawMessage
			dec := json.NewDecoder(bytes.NewReader(rest))
			if err := dec.Decode(&raw); err != nil {
				return nil, fmt.Errorf("read %q: %w", rest, err)
			}
			rest = rest[dec.InputOffset():]
			lines = append(lines, string(lineOf(raw)))
		}
	}
	return lines, nil
}

func startsValue(b []byte) bool {
	var v any
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&v); err != nil {
		return false
	}
	_, number := v.(float64)
	return !number
}

func (l *lake) path(key string) string { return filepath.Join(l.folder, filepath.FromSlash(key)) }

func (l *lake) file(key string, data []byte) {
	l.t.Helper()
	if err := os.MkdirAll(filepath.Dir(l.path(key)), 0o777); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(l.path(key), data, 0o666); err != nil {
		l.t.Fatal(err)
	}
}

func packed(lines []string) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // a level that there is
	for _, line := range lines {
		_, _ = fmt.Fprintln(z, line)
	}
	_ = z.Close()
	return b.Bytes()
}

func (l *lake) write(key string, lines []string) {
	l.t.Helper()
	l.file(key, packed(lines))
}

func (l *lake) read(key string) []string {
	l.t.Helper()
	data, err := os.ReadFile(l.path(key))
	if err != nil {
		l.t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		l.t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(z); err != nil {
		l.t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// edit changes the lines of an object.
func (l *lake) edit(key string, change func([]string) []string) {
	l.t.Helper()
	l.write(key, change(l.read(key)))
}

func (l *lake) audit() *findings {
	l.t.Helper()
	f, err := audit(l.folder, l.truth)
	if err != nil {
		l.t.Fatal(err)
	}
	return f
}
