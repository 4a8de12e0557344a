package sink

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// storedJournals holds a journal in each form that any version wrote it in, <n>.ndjson, of which the highest n is today's,
// and <n>.json, what this program takes it for. Neither is ever changed: buckets hold such journals.
const storedJournals = "testdata/journals"

// everything is a journal with all that one can have.
func everything() *Journal {
	at := time.Date(2026, 1, 31, 12, 5, 0, 5_000_000, time.UTC)
	part := func(n int32, size int64) Part {
		return Part{n, fmt.Sprintf(`"9b2cf535f27731c974343645a398532%d"`, n), "NSRBwg==", size}
	}
	return &Journal{
		Header: JournalHeader{Batch: "0b6e", Worker: "w-1", Cause: CauseInterval, Cut: at},
		Shards: []JournalShard{{"shardId-000000000000", "100", "200", 42, []Gap{{at.Add(-2 * time.Hour), at.Add(-time.Hour)}}}, {"shardId-000000000001", "TRIM_HORIZON", ShardEnd, 0, nil}},
		Objects: []JournalObject{
			{Upload: Upload{"lake", `clicks/é"<&>/x.ndjson.gz`, "id-1", []Part{part(1, 5<<20), part(2, 7)}}, Output: "raw", Codec: "gzip", Path: `clicks/é"<&>/`, Size: 5<<20 + 7, Raw: 99 << 20, Records: 40, Lines: 41},
			{Upload: Upload{"lake", "table/y.parquet", "id-2", []Part{part(1, 9)}}, Output: "table", Format: "parquet", Codec: "snappy", Path: "table/", Size: 9, Raw: 30, Records: 40},
			{Upload: Upload{"lake", "errors/y", "id-3", nil}, Output: "errors", Path: "errors/", Size: 1, Raw: 1, Records: 2},
		},
	}
}

func TestJournalIsWrittenAsStored(t *testing.T) {
	n := 0
	for {
		if _, err := os.Stat(storedJournal(n+1, ".ndjson")); err != nil {
			break
		}
		n++
	}
	text := bytes.Join(everything().encode(), nil)
	newest, err := os.ReadFile(storedJournal(n, ".ndjson"))
	if err == nil && bytes.Equal(newest, text) {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Fatalf("a journal is written in another form than %s has:\n%sIf a program of an older version would do something wrong on its word, raise journalVersion and see "+
			"\"Changing what is stored\" in CONTRIBUTING.md. Then UPDATE=1 adds the new form to those that are read for ever.", storedJournal(n, ".ndjson"), text)
	}
	read, err := DecodeJournal(text, "0b6e")
	if err != nil {
		t.Fatal(err)
	}
	says, _ := json.MarshalIndent(read, "", "\t")
	for ext, data := range map[string][]byte{".ndjson": text, ".json": append(says, '\n')} {
		if err := os.WriteFile(storedJournal(n+1, ext), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func storedJournal(n int, ext string) string {
	return filepath.Join(storedJournals, fmt.Sprint(n)+ext)
}

func TestJournalsOfOlderVersionsAreRead(t *testing.T) {
	files, err := filepath.Glob(storedJournals + "/*.ndjson")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		j, err := DecodeJournal(text, "0b6e")
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		says, err := os.ReadFile(strings.TrimSuffix(file, ".ndjson") + ".json")
		if err != nil {
			t.Fatal(err)
		}
		want := &Journal{}
		dec := json.NewDecoder(bytes.NewReader(says))
		dec.DisallowUnknownFields()
		if err := dec.Decode(want); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		got, _ := json.Marshal(j)
		if expected, _ := json.Marshal(want); !bytes.Equal(got, expected) {
			t.Errorf("%s is read as\n%s, want\n%s", file, got, expected)
		}
	}
}

// A journal that is what its item promises, and of a higher version: nothing is done on its word, and the advice is to
// upgrade, not to mend.
func TestJournalOfANewerVersionWaits(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		text := bytes.Replace(bytes.Join(everything().encode(), nil), []byte(`"version":1`), []byte(`"version":2`), 1)
		u := Upload{Bucket: "lake", Key: "_standpipe/j.ndjson", Parts: []Part{{Number: 1, CRC32: Segments{text}.CRC32(), Size: int64(len(text))}}}
		item := Item{ID: "0b6e", Journal: &u}
		_, err := verifiedJournal(text, item)
		var newer *NewerJournalError
		if !errors.As(err, &newer) || newer.Version != 2 {
			t.Errorf("got %v", err)
		}
		b.store.mu.Lock()
		b.store.objects[u.Key] = memObject{"0b6e", text}
		b.store.mu.Unlock()
		_, err = b.tryJournal(t.Context(), item)
		if err == nil || !strings.Contains(err.Error(), "waits for a worker that knows its journal") || !strings.Contains(err.Error(), `"Upgrading" in docs/operations.md`) {
			t.Errorf("got %v", err)
		}
		b.stop()
	})
}
