package sink

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"standpipe/internal/unpack"
	"standpipe/partition"
)

// journaled gives what the journals say of the objects of outputs.
func (b *bench) journaled() (all []JournalObject) {
	b.t.Helper()
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	for key, o := range b.store.objects {
		if !strings.HasPrefix(key, "_standpipe/") {
			continue
		}
		j, err := DecodeJournal(o.data, o.batch)
		if err != nil {
			b.t.Fatal(err)
		}
		all = append(all, j.Objects...)
	}
	return all
}

// bytesOf gives each of these records to a new reading, in one answer.
func (b *bench) bytesOf(data ...string) {
	b.t.Helper()
	var records []Record
	for i, d := range data {
		records = append(records, Record{Data: []byte(d), Arrival: time.Date(2026, 1, 31, 7, 0, 0, 0, time.UTC), Sequence: "49", SubSequence: i})
	}
	r := b.read("a")
	if err := r.Append(b.t.Context(), Response{Records: slices.Values(records), After: "0", Through: "1"}); err != nil {
		b.t.Fatal(err)
	}
}

func TestWhatStandsBehindRecords(t *testing.T) {
	large := strings.Repeat("\x00\xff\n", 1<<20)
	for _, c := range []struct {
		name           string
		out            Output
		records        []string
		want, format   string
		counted, lines int64
	}{
		{"raw", Output{Raw: true}, []string{"a b", "c\r\n", "", "{\n}", "\xff\x00"}, "a b\nc\r\n\n{\n}\n\xff\x00\n", "raw", 5, 6},
		{"raw with nothing", Output{Raw: true, Undelimited: true}, []string{"a", "b\n", "", "\xff"}, "ab\n\xff", "raw", 3, 1},
		{"raw with a mark", Output{Raw: true, Delimiter: "####"}, []string{"a", "b##", "c####", "\n", ""}, "a####b######c####\n########", "raw", 5, 1},
		{"large raw", Output{Raw: true, Compression: "gzip"}, []string{"x", large, "y"}, "x\n" + large + "y\n", "raw", 3, 2 + 1<<20},
		{"lines", Output{Validate: true}, []string{`{"a": 1}{"b":2}`, " 3\n"}, "{\"a\": 1}\n{\"b\":2}\n3\n", "", 3, 0},
		{"lines for Windows", Output{Validate: true, Delimiter: "\r\n"}, []string{`{"a":1} 2`, "3"}, "{\"a\":1}\r\n2\r\n3\r\n", "", 3, 0},
		{"values between other marks", Output{Validate: true, Delimiter: ";"}, []string{"{\n\"a\": 1}2", "3"}, `{"a":1};2;3;`, "raw", 3, 0},
		{"values with two line ends", Output{Validate: true, Delimiter: "\n\n"}, []string{"1", "2"}, "1\n\n2\n\n", "raw", 2, 4},
		{"lines that are not looked at", Output{Delimiter: "\r\n"}, []string{"a\n", "b\r\n", ""}, "a\n\r\nb\r\n\r\n", "", 3, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			onBench(t, func(o *Options) {
				o.Size = 64 << 20
				out := c.out
				out.Name, out.Bucket, out.Prefix = "raw", "lake", parsePrefix(t, "data/!{timestamp:HH}/", partition.Data)
				o.Outputs = []*Output{&out}
			}, func(t *testing.T, b *bench) {
				b.bytesOf(c.records...)
				b.stop()
				objects := b.journaled()
				if len(objects) != 1 {
					t.Fatalf("%d objects", len(objects))
				}
				o := objects[0]
				if o.Format != c.format || o.Records != c.counted || o.Lines != c.lines || o.Raw != int64(len(c.want)) {
					t.Errorf("the journal says %+v", o)
				}
				got, err := unpack.Object(o.Key, b.store.objects[o.Key].data)
				if err != nil || string(got) != c.want {
					t.Errorf("got %.100q, %v", got, err)
				}
			})
		})
	}
}

// A record of no bytes makes nothing where nothing stands behind records; it is counted, and the checkpoint moves.
func TestEmptyRawRecordsAreCountedOnly(t *testing.T) {
	onBench(t, func(o *Options) {
		o.Outputs[0].Validate, o.Outputs[0].Raw, o.Outputs[0].Undelimited = false, true, true
	}, func(t *testing.T, b *bench) {
		b.bytesOf("", "")
		b.stop()
		if at := b.at("a"); at != "1" {
			t.Errorf("the checkpoint is %s", at)
		}
		b.store.mu.Lock()
		defer b.store.mu.Unlock()
		for key, o := range b.store.objects {
			if !strings.HasPrefix(key, "_standpipe/") || !bytes.Contains(o.data, []byte(`"records":2`)) {
				t.Errorf("%s holds %s", key, o.data)
			}
		}
		if len(b.store.objects) != 1 {
			t.Errorf("%d objects", len(b.store.objects))
		}
	})
}

func TestNamesAndTypesOfRawObjects(t *testing.T) {
	for _, c := range []struct {
		compression, extension string
		encoded                bool
		form                   Form
	}{
		{"none", "", false, Form{ContentType: "application/octet-stream"}},
		{"gzip", ".gz", false, Form{ContentType: "application/gzip"}},
		{"gzip", ".gz", true, Form{ContentType: "application/octet-stream", ContentEncoding: "gzip"}},
		{"zstd", ".zst", false, Form{ContentType: "application/zstd"}},
		{"zip", ".zip", false, Form{ContentType: "application/zip"}},
		{"snappy", ".snappy", true, Form{ContentType: "application/octet-stream", ContentEncoding: "snappy-java"}},
		{"hadoop_snappy", ".snappy", false, Form{ContentType: "application/octet-stream"}},
	} {
		o := &Output{Raw: true, Compression: c.compression, ContentEncoding: c.encoded}
		if o.ObjectExtension() != c.extension || o.form() != c.form {
			t.Errorf("%s: %q, %+v", c.compression, o.ObjectExtension(), o.form())
		}
	}
	if o := (&Output{Compression: "none"}); o.form().ContentType != "application/x-ndjson" || o.ObjectExtension() != ".ndjson" {
		t.Errorf("lines: %+v", o.form())
	}
}
