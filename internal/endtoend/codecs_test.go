package endtoend

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"standpipe/sink"
)

// With every codec, declared to S3 or not, what one worker was killed over and another finished is there exactly once,
// and what is no JSON is in error objects of the same codec.
func TestCodecsArriveExactlyOnce(t *testing.T) {
	for _, c := range []struct {
		codec, extension, contentType, encoding string
		level                                   int
	}{
		{"none", ".ndjson", "application/x-ndjson", "", 0},
		{"gzip", ".ndjson.gz", "application/gzip", "gzip", 9},
		{"zip", ".zip", "application/zip", "zip", 1},
		{"zstd", ".ndjson.zst", "application/zstd", "zstd", 7},
		{"snappy", ".snappy", "application/octet-stream", "snappy-java", 0},
		{"hadoop_snappy", ".snappy", "application/octet-stream", "hadoop-snappy", 0},
	} {
		t.Run(c.codec, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 2)
				quiet, declared := w.Output("quiet", "quiet/", c.codec), w.Output("declared", "declared/", c.codec)
				quiet.Level, declared.Level, declared.ContentEncoding = c.level, c.level, true
				set := Settings{Outputs: []*sink.Output{quiet, declared}, Errors: c.codec}
				w.Put(300)
				w.raw([]byte("no JSON"))
				first := w.Start(set)
				time.Sleep(1900 * time.Millisecond) // within the first batch's interval
				first.Kill()
				second := w.Start(set)
				w.Put(300)
				w.Exactly(2*time.Minute, "quiet/", "declared/")
				if got := w.Lines("errors/"); len(got) != 1 || !strings.Contains(got[0], "Standpipe.NotJSON") {
					t.Errorf("error records: %q", got)
				}
				if err := second.Stop(); err != nil {
					t.Fatal(err)
				}
				first.Gone()
				w.Exactly(0, "quiet/", "declared/")
				w.stored("quiet/", c.extension, c.contentType, "")
				w.stored("errors/", c.extension, c.contentType, "")
				contentType := c.contentType
				if c.encoding != "" {
					contentType = "application/x-ndjson"
				}
				w.stored("declared/", c.extension, contentType, c.encoding)
			})
		})
	}
}

// stored asks S3 for every object under a prefix and wants it named and declared like this.
func (w *World) stored(prefix, extension, contentType, encoding string) {
	w.T.Helper()
	client := s3.NewFromConfig(w.config(&plug{next: w.net}), func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = aws.String("http://s3"), true })
	objects := 0
	for _, o := range w.S3.Objects(Bucket) {
		if !strings.HasPrefix(o.Key, prefix) {
			continue
		}
		objects++
		got, err := client.GetObject(w.T.Context(), &s3.GetObjectInput{Bucket: aws.String(Bucket), Key: &o.Key})
		if err != nil {
			w.T.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, got.Body)
		_ = got.Body.Close()
		if !strings.HasSuffix(o.Key, extension) || aws.ToString(got.ContentType) != contentType || aws.ToString(got.ContentEncoding) != encoding {
			w.T.Errorf("%s has Content-Type %q and Content-Encoding %q, want %q and %q", o.Key, aws.ToString(got.ContentType), aws.ToString(got.ContentEncoding), contentType, encoding)
		}
	}
	if objects == 0 {
		w.T.Errorf("nothing is under %s", prefix)
	}
}
