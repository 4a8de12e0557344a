package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"

	"standpipe/config"
	"standpipe/consumer"
	"standpipe/internal/realservers"
	"standpipe/internal/unpack"
)

// declared are all codecs, with the Content-Type and Content-Encoding that their objects shall have: two are declared.
var declared = map[string][2]string{
	"none": {"application/x-ndjson", ""}, "gzip": {"application/x-ndjson", "gzip"}, "zip": {"application/zip", ""}, "zstd": {"application/zstd", ""},
	"snappy": {"application/x-ndjson", "snappy-java"}, "hadoop_snappy": {"application/octet-stream", ""},
}

// TestRealServers has tests share the servers' credentials, which come from the environment.
func TestRealServers(t *testing.T) {
	store := realservers.S3(t)
	t.Setenv("AWS_ACCESS_KEY_ID", store.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", store.SecretKey)
	for name, test := range map[string]func(*testing.T){"commands": commandsOnRealServers, "redrive": redriveOnRealServers, "replay": replayOnRealServers} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// commandsOnRealServers checks online, delivers a record in every codec, checks again and cleans: on kinesis-local,
// DynamoDB Local and versitygw.
func commandsOnRealServers(t *testing.T) {
	db, store, streams := realservers.DynamoDB(t), realservers.S3(t), realservers.Kinesis(t)
	name := "commands-" + strings.ToLower(rand.Text())
	bucket := s3.NewFromConfig(store.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	_, err := bucket.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name})
	must(t, err)
	stream := kinesis.NewFromConfig(streams.Config())
	_, err = stream.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: &name, ShardCount: aws.Int32(2)})
	must(t, err)
	must(t, kinesis.NewStreamExistsWaiter(stream).Wait(t.Context(), &kinesis.DescribeStreamInput{StreamName: &name}, time.Minute))

	env := []string{
		"STANDPIPE_STREAM_NAME=" + name, "STANDPIPE_STREAM_REGION=" + realservers.Region, "STANDPIPE_STREAM_ENDPOINT=" + streams.Endpoint,
		"STANDPIPE_LEASES_APPLICATION=" + name, "STANDPIPE_LEASES_ENDPOINT=" + db.Endpoint, "STANDPIPE_S3_ENDPOINT=" + store.Endpoint,
		"STANDPIPE_S3_PATH_STYLE=true", "STANDPIPE_SERVER_LISTEN=127.0.0.1:0",
	}
	for i, codec := range slices.Sorted(maps.Keys(declared)) {
		output := fmt.Sprintf("STANDPIPE_OUTPUTS_%d_", i)
		env = append(env, output+"BUCKET="+name, output+"PREFIX="+codec+"/", output+"COMPRESSION="+codec, fmt.Sprintf("%sCONTENT_ENCODING=%v", output, declared[codec][1] != ""))
	}

	before := execute(t, env, "check", "--online")
	lines := findings(t, before)
	if before.code != exitOK || !strings.HasPrefix(lines["table "+name], "ok: does not exist yet") || !strings.HasPrefix(lines["bucket "+name+": lifecycle"], "note: the server has no lifecycle rules") {
		t.Errorf("before the first start: %s", before)
	}
	if r := execute(t, env, "clean"); r.code != exitRuntime || !strings.Contains(r.stderr, "lease table "+name+" does not exist") {
		t.Errorf("clean before the first start: %s", r)
	}

	const record = `{"page":"/items/323"}`
	_, err = stream.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: &name, PartitionKey: aws.String("k"), Data: []byte(record)})
	must(t, err)
	d := start(t, env)
	eventually(t, "read the record", func() bool { return d.read(t) == 1 })
	d.signal()
	must(t, <-d.ended)
	for codec, want := range declared {
		listed, err := bucket.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &name, Prefix: aws.String(codec + "/")})
		must(t, err)
		if len(listed.Contents) != 1 {
			t.Fatalf("%d objects of %s", len(listed.Contents), codec)
		}
		key := *listed.Contents[0].Key
		got, err := bucket.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &name, Key: &key})
		must(t, err)
		body, err := io.ReadAll(got.Body)
		must(t, err)
		must(t, got.Body.Close())
		text, err := unpack.Object(key, body)
		if err != nil || string(text) != record+"\n" || aws.ToString(got.ContentType) != want[0] || aws.ToString(got.ContentEncoding) != want[1] {
			t.Errorf("%s: %q (%v), Content-Type %q, Content-Encoding %q", key, text, err, aws.ToString(got.ContentType), aws.ToString(got.ContentEncoding))
		}
	}

	if got, r := proposal(t, env); got.Rows != 1 || got.Schema != "page string" {
		t.Errorf("schema: %s", r)
	}

	// An upload of a worker that crashed, and one of somebody else.
	orphaned := fmt.Sprintf("gzip/%s-2026-01-02-03-04-05-%s-0.ndjson.gz", name, uuid.NewString())
	for _, key := range []string{orphaned, "gzip/report.csv"} {
		_, err = bucket.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &name, Key: &key})
		must(t, err)
	}
	after := execute(t, env, "check", "--online")
	for check, finding := range findings(t, after) {
		if !strings.HasPrefix(finding, "ok: ") && !strings.HasPrefix(finding, "note: the server has no lifecycle rules") {
			t.Errorf("after a run: %s: %s", check, finding)
		}
	}
	if left := uploads(t, bucket, name); after.code != exitOK || len(left) != 2 {
		t.Errorf("%s, uploads %v", after, left)
	}
	if r := execute(t, env, "clean", "--yes"); r.code != exitOK || !strings.Contains(r.stdout, "2 uploads: 0 orphans, 0 aborted, 0 gone meanwhile, 0 not aborted, 0 promised, 1 young, 1 foreign\n") {
		t.Errorf("clean: %s", r)
	}

	// The same, as if a day had passed: the servers' uploads can not be made older.
	cfg, err := config.Load(config.Source{Env: env})
	must(t, err)
	pipe, err := newPipeline(cfg)
	must(t, err)
	svc := connected(t, cfg)
	c := &cleaner{
		svc: svc, cfg: cfg, store: patientStore(svc, cfg), names: newNaming(cfg, pipe), now: time.Now,
		table: consumer.NewTable(dynamodb.NewFromConfig(db.Config()), name), older: -time.Hour, // of two clocks the younger counts
	}
	found, broken, err := c.find(t.Context(), places(cfg, pipe))
	if err != nil || len(broken) > 0 {
		t.Fatalf("%v, broken %v", err, broken)
	}
	must(t, c.abort(t.Context(), found))
	if left := uploads(t, bucket, name); len(left) != 1 || left[0] != "gzip/report.csv" {
		t.Errorf("left: %v", left)
	}
}

// uploads gives the keys of a bucket's open uploads.
func uploads(t *testing.T, client *s3.Client, bucket string) (keys []string) {
	t.Helper()
	out, err := client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &bucket})
	must(t, err)
	for _, u := range out.Uploads {
		keys = append(keys, *u.Key)
	}
	return keys
}
