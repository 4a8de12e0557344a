package demo

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"standpipe/consumer"
	"standpipe/internal/kinesisfake"
	"standpipe/sink/parquet"
)

const rowsKey = "access/year=2026/month=01/day=31/hour=23/a.parquet"

// newTable is a folder as a flawless worker would have left it of an access log, and the records of its rows.
func newTable(t *testing.T) (l *lake, records []string) {
	t.Helper()
	l = &lake{t: t, folder: t.TempDir(), truth: newTruth(newIdentities(6))}
	l.truth.access = true
	kinesis := kinesisfake.New(kinesisfake.Options{Now: func() time.Time { return arrivalTime }})
	if err := kinesis.CreateStream(stream, shards); err != nil {
		t.Fatal(err)
	}
	src := newSource(l.truth.ids, 6, 600)
	src.access = true
	var rejected []string
	for d, ok := src.next(arrivalTime); ok; d, ok = src.next(arrivalTime) {
		var at place
		err := l.truth.put(d, func(key string, data []byte) (string, string, error) {
			shard, sequence, err := kinesis.Put(stream, key, data)
			at = place{shard, sequence}
			return shard, sequence, err
		})
		if err != nil {
			t.Fatal(err)
		}
		if d.records[0].rejected {
			rejected = append(rejected, fmt.Sprintf(`{"rawData":%q,"lastErrorCode":"c","lastErrorMessage":"m","arrivalTimestamp":%d,"shardId":%q,"sequenceNumber":%q}`,
				base64.StdEncoding.EncodeToString(d.data), arrivalTime.UnixMilli(), at.shard, at.sequence))
			continue
		}
		consumer.UserRecords(d.data, func(record []byte) bool {
			dec := json.NewDecoder(bytes.NewReader(record))
			for dec.More() {
				var raw json.RawMessage
				if err := dec.Decode(&raw); err != nil {
					t.Fatal(err)
				}
				records = append(records, string(raw))
			}
			return true
		})
	}
	if err := l.truth.settle(kinesis, stream); err != nil {
		t.Fatal(err)
	}
	l.rows(rowsKey, records)
	l.write(strings.Replace(errorKey, "processing-failed", "format-conversion-failed", 1), rejected)
	return l, records
}

// rows writes a Parquet file.
func (l *lake) rows(key string, records []string) {
	l.t.Helper()
	columns, err := parquet.ParseColumns(AccessSchema)
	if err != nil {
		l.t.Fatal(err)
	}
	schema, err := parquet.ParseSchema(columns, parquet.Options{})
	if err != nil {
		l.t.Fatal(err)
	}
	format, err := parquet.NewFormat(schema, parquet.FileOptions{})
	if err != nil {
		l.t.Fatal(err)
	}
	var out bytes.Buffer
	f := format.NewFile(func(b []byte) { out.Write(b) }, nil)
	shredder, rows := schema.NewShredder(), format.NewRows()
	for _, r := range records {
		if _, err := shredder.Append(rows, []byte(r)); err != nil {
			l.t.Fatalf("%s: %v", r, err)
		}
	}
	if err := f.Append(l.t.Context(), rows); err != nil {
		l.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		l.t.Fatal(err)
	}
	l.file(key, out.Bytes())
}

func TestAuditMetersEveryCall(t *testing.T) {
	l, records := newTable(t)
	f := l.audit()
	if !f.exact() || f.Put != 600 || f.Lines != len(records) || f.Rejected < 3 || len(f.Calls) < 100 || f.metering() != "equal to the truth" {
		t.Fatalf("%d rows: %+v", len(records), f)
	}
	for name, c := range map[string]struct {
		damage        func(records []string) []string
		lost, doubled int
		fault         fault
		counted       bool // the counts are the truth's all the same
	}{
		"row deleted": {lost: 1, fault: miscounted, damage: func(r []string) []string { return r[1:] }},
		"row doubled": {doubled: 1, fault: miscounted, damage: func(r []string) []string { return append(r, r[7]) }},
		"user changed": {fault: miscounted, damage: func(r []string) []string {
			return append(r[1:], strings.Replace(r[0], `"user": "`, `"user": "x`, 1))
		}},
		"path changed": {fault: altered, counted: true, damage: func(r []string) []string {
			return append(r[1:], strings.Replace(r[0], `"/items`, `"/Items`, 1))
		}},
		"value gone": {fault: altered, counted: true, damage: func(r []string) []string {
			return append(r[1:], strings.Replace(r[0], `"protocol"`, `"protocols"`, 1))
		}},
		"row of nobody": {fault: unknown, damage: func(r []string) []string {
			return append(r, `{"requestId": "nobody", "user": "user-01", "requestTime": 1}`)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			damaged := &lake{t: t, folder: t.TempDir(), truth: l.truth}
			if err := os.CopyFS(filepath.Join(damaged.folder, "errors"), os.DirFS(filepath.Join(l.folder, "errors"))); err != nil {
				t.Fatal(err)
			}
			damaged.rows(rowsKey, c.damage(append([]string(nil), records...)))
			f := damaged.audit()
			if f.exact() || f.Lost != c.lost || f.Doubled != c.doubled || f.Faults[c.fault] == 0 || (f.metering() == "equal to the truth") != c.counted {
				t.Errorf("got %+v", f)
			}
		})
	}
	t.Run("another hour", func(t *testing.T) {
		damaged := &lake{t: t, folder: t.TempDir(), truth: l.truth}
		damaged.rows(strings.Replace(rowsKey, "hour=23", "hour=22", 1), records)
		if f := damaged.audit(); f.Faults[wrongHour] != len(records) {
			t.Errorf("got %+v", f)
		}
	})
	t.Run("half a file", func(t *testing.T) {
		damaged := &lake{t: t, folder: t.TempDir(), truth: l.truth}
		data, err := os.ReadFile(l.path(rowsKey))
		if err != nil {
			t.Fatal(err)
		}
		damaged.file(rowsKey, data[:len(data)/2])
		if f := damaged.audit(); f.Faults[unreadable] != 1 {
			t.Errorf("got %+v", f)
		}
	})
}
