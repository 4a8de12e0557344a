package endtoend

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"time"

	"standpipe/internal/parquetread"
	"standpipe/internal/unpack"
)

// Delivered counts how often each record's number is in the bucket under a prefix.
func (w *World) Delivered(prefix string) map[int]int {
	w.T.Helper()
	count := map[int]int{}
	for _, line := range w.Lines(prefix) {
		var rec struct{ ID int }
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			w.T.Fatalf("line %q: %v", line, err)
		}
		count[rec.ID]++
	}
	return count
}

// Lines gives every line under a prefix.
func (w *World) Lines(prefix string) []string {
	w.T.Helper()
	var lines []string
	for _, o := range w.S3.Objects(Bucket) {
		if !strings.HasPrefix(o.Key, prefix) {
			continue
		}
		lines = append(lines, w.ReadLines(o.Key)...)
	}
	return lines
}

// ReadLines gives an object's lines.
func (w *World) ReadLines(key string) []string {
	w.T.Helper()
	f, err := w.S3.Open(Bucket, key)
	if err != nil {
		w.T.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(f)
	if err != nil {
		w.T.Fatal(err)
	}
	read := func() ([]byte, error) { return unpack.Object(key, data) }
	if strings.HasSuffix(key, ".parquet") {
		read = func() ([]byte, error) { return parquetread.Lines(data) }
	}
	if data, err = read(); err != nil {
		w.T.Fatal(err)
	}
	var lines []string
	sc := bufio.NewScanner(bytes.NewReader(data))
	sc.Buffer(nil, 64<<20)
	for sc.Scan() {
		lines = append(lines, sc.Text())
	}
	return lines
}

// Exactly fails the test unless every record put so far is in the bucket exactly once under each prefix,
// and says whether it waited at all. It waits up to limit for what is missing; a double fails at once.
func (w *World) Exactly(limit time.Duration, prefixes ...string) {
	w.T.Helper()
	deadline := time.Now().Add(limit)
	for _, p := range prefixes {
		for {
			seen := w.Delivered(p)
			missing := 0
			for id := 1; id <= w.put; id++ {
				if w.truth.byID[id].bad {
					continue
				}
				switch n := seen[id]; {
				case n == 0:
					missing++
				case n > 1:
					w.T.Fatalf("record %d is %d times under %s", id, n, p)
				}
			}
			if missing == 0 {
				break
			}
			if time.Now().After(deadline) {
				w.T.Fatalf("%d of %d records are missing under %s after %v", missing, w.put, p, limit)
			}
			<-time.After(200 * time.Millisecond)
		}
	}
}
