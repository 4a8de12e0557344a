package realservers

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// complete counts what is in the bucket. It objects while a record is missing, and fails the test at once when one is
// there twice, or something that was never put.
func (w *world) complete() error {
	w.Helper()
	times := make([]int, w.sent)
	for _, key := range w.keys("clicks/") {
		for _, line := range w.lines(key) {
			var record struct {
				ID   *int
				Path string
			}
			if err := json.Unmarshal([]byte(line), &record); err != nil || record.ID == nil || *record.ID >= w.sent || record.Path != fmt.Sprintf("/items/%d", *record.ID) {
				w.Fatalf("%s has the line %q (%v), which was never put", key, line, err)
			}
			times[*record.ID]++
		}
	}
	missing := 0
	for id, n := range times {
		if n > 1 {
			w.Fatalf("record %d is in the bucket %d times", id, n)
		}
		if n == 0 {
			missing++
		}
	}
	if missing > 0 {
		return fmt.Errorf("%d of %d records are missing", missing, w.sent)
	}
	return nil
}

// keys lists the objects below a prefix.
func (w *world) keys(prefix string) []string {
	w.Helper()
	var keys []string
	pages := s3.NewListObjectsV2Paginator(w.s3, &s3.ListObjectsV2Input{Bucket: &w.name, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.Context())
		w.must(err)
		for _, object := range page.Contents {
			keys = append(keys, *object.Key)
		}
	}
	return keys
}

// lines reads an object, once: it never changes.
func (w *world) lines(key string) []string {
	w.Helper()
	if lines, ok := w.read[key]; ok {
		return lines
	}
	out, err := w.s3.GetObject(w.Context(), &s3.GetObjectInput{Bucket: &w.name, Key: &key})
	w.must(err)
	defer func() { _ = out.Body.Close() }()
	z, err := gzip.NewReader(out.Body)
	if err != nil {
		w.Fatalf("read %s: %v", key, err)
	}
	var lines []string
	scanner := bufio.NewScanner(z)
	for scanner.Scan() {
		lines = append(lines, scanner.Text())
	}
	if err := scanner.Err(); err != nil {
		w.Fatalf("read %s: %v", key, err)
	}
	w.read[key] = lines
	return lines
}
