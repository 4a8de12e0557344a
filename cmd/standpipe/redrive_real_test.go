package main

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"standpipe/internal/realservers"
	"standpipe/internal/unpack"
)

// redriveOnRealServers redrives what Firehose wrote, in parts and twice, on DynamoDB Local and versitygw.
func redriveOnRealServers(t *testing.T) {
	db, store := realservers.DynamoDB(t), realservers.S3(t)
	name := "redrive-" + strings.ToLower(rand.Text())
	bucket := s3.NewFromConfig(store.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	_, err := bucket.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name})
	must(t, err)
	const objects, each = 12, 20
	at := time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)
	for i := range objects {
		var body bytes.Buffer
		z := gzip.NewWriter(&body)
		for k := range each {
			n := i*each + k
			_, err := io.WriteString(z, errorRecord(fmt.Sprintf(`{"n":%d}`, n), []string{"Lambda.FunctionError", "Lambda.FunctionTimedOut"}[n%2], at))
			must(t, err)
		}
		must(t, z.Close())
		key := fmt.Sprintf("firehose/processing-failed/%02d", i)
		_, err := bucket.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &name, Key: &key, Body: bytes.NewReader(body.Bytes())})
		must(t, err)
	}
	env := []string{
		"STANDPIPE_STREAM_NAME=" + name, "STANDPIPE_STREAM_REGION=" + realservers.Region,
		"STANDPIPE_LEASES_APPLICATION=" + name, "STANDPIPE_LEASES_ENDPOINT=" + db.Endpoint, "STANDPIPE_S3_ENDPOINT=" + store.Endpoint,
		"STANDPIPE_S3_PATH_STYLE=true", "STANDPIPE_OUTPUTS_0_BUCKET=" + name, "STANDPIPE_OUTPUTS_0_PREFIX=clicks/", "STANDPIPE_LOG_LEVEL=warn",
	}
	for _, step := range []struct{ args, want string }{
		{"--dry-run", "to be redriven  240 records of 12 objects"},
		{"--code Lambda.FunctionTimedOut", "redriven  120 records of 12 objects"},
		{"", "redriven         120 records of 12 objects"},
		{"", "redriven         0 records"},
	} {
		r := execute(t, env, append([]string{"redrive", "--from", "s3://" + name + "/firehose/"}, strings.Fields(step.args)...)...)
		if r.code != exitOK || !strings.Contains(r.stdout, step.want) {
			t.Fatalf("%s: %v", step.args, r)
		}
	}
	count := map[string]int{}
	prefix := "clicks/2026/01/31/10/"
	listed, err := bucket.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &name, Prefix: &prefix})
	must(t, err)
	for _, o := range listed.Contents {
		got, err := bucket.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &name, Key: o.Key})
		must(t, err)
		body, err := io.ReadAll(got.Body)
		must(t, err)
		must(t, got.Body.Close())
		text, err := unpack.Object(*o.Key, body)
		must(t, err)
		for line := range strings.Lines(string(text)) {
			count[strings.TrimSpace(line)]++
		}
	}
	for n := range objects * each {
		if got := count[fmt.Sprintf(`{"n":%d}`, n)]; got != 1 {
			t.Errorf("record %d is there %d times", n, got)
		}
	}
}
