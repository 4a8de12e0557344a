package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/consumer"
	"standpipe/internal/faults"
)

// rules is what S3 answers to GetBucketLifecycleConfiguration.
func rules(c *cloud, rule string) {
	c.s3.Control("Unsupported", func(faults.Call, func()) error {
		return &faults.Error{Status: http.StatusOK, Body: []byte(`<?xml version="1.0"?><LifecycleConfiguration>` + rule + `</LifecycleConfiguration>`)}
	})
}

func rule(id, prefix, action string) string {
	return fmt.Sprintf("<Rule><ID>%s</ID><Status>Enabled</Status><Filter><Prefix>%s</Prefix></Filter>%s</Rule>", id, prefix, action)
}

func abortAfter(days int) string {
	return fmt.Sprintf("<AbortIncompleteMultipartUpload><DaysAfterInitiation>%d</DaysAfterInitiation></AbortIncompleteMultipartUpload>", days)
}

// database is a client of the cloud's DynamoDB.
func (c *cloud) database() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint: &c.dynamoURL, Region: laptopRegion, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""),
	})
}

// leaseTable makes the table as run does.
func (c *cloud) leaseTable(t *testing.T) *consumer.Table {
	t.Helper()
	table := consumer.NewTable(c.database(), "standpipe-clicks")
	if err := table.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	return table
}

// online runs the checks and gives their lines as "verdict check".
func (c *cloud) online(t *testing.T, more ...string) (r result, lines map[string]string) {
	t.Helper()
	r = execute(t, c.env(more...), "check", "--online")
	lines = findings(t, r)
	for _, u := range c.s3.Uploads("lake") {
		t.Errorf("upload of %s stays", u.Key)
	}
	return r, lines
}

// findings takes the table apart: verdict and text by check.
func findings(t *testing.T, r result) (lines map[string]string) {
	t.Helper()
	_, table, found := strings.Cut(r.stdout, "\nOnline:\n")
	lines = map[string]string{}
	for line := range strings.Lines(table) {
		words := strings.SplitN(strings.TrimSpace(line), "  ", 3)
		for len(words) < 3 {
			t.Fatalf("no table in %s", r)
		}
		rest := strings.SplitN(strings.TrimSpace(strings.Join(words[1:], "  ")), "  ", 2)
		check := strings.TrimSpace(rest[0])
		if lines[check] != "" {
			check += " again"
		}
		lines[check] = words[0] + ": " + strings.TrimSpace(rest[1])
	}
	if found == (len(lines) == 0) {
		t.Fatalf("no table in %s", r)
	}
	return lines
}

func TestOnlineCheckOfAWholeCloud(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.leaseTable(t)
	rules(c, rule("all", "", abortAfter(7)))
	if _, _, err := c.kinesis.Put("clicks", "k", []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	r, lines := c.online(t)
	if r.code != exitOK || r.stderr != "" || !strings.HasPrefix(r.stdout, "OK: ") {
		t.Errorf("got %s", r)
	}
	for check, want := range map[string]string{
		"credentials":                                    "ok: none are needed: everything is on this machine",
		"stream clicks":                                  "ok: exists in us-east-1",
		"stream clicks: shards":                          "ok: 2 open",
		"table standpipe-clicks":                         "ok: exists, paid per request",
		"table standpipe-clicks: read":                   "ok: a row and a scan, strongly consistent",
		"table standpipe-clicks: write":                  "ok: a row was put, changed and deleted",
		"bucket lake":                                    "ok: exists in us-east-1",
		"s3://lake/clicks/: upload":                      "ok: created with CRC32, one part, listed, aborted",
		"s3://lake/clicks/: missing key":                 "ok: answers 404",
		"s3://lake/errors/: upload":                      "ok: created with CRC32, one part, listed, aborted",
		"s3://lake/_standpipe/standpipe-clicks/: upload": "ok: created with CRC32, one part, listed, aborted",
		"bucket lake: lifecycle":                         "ok: incomplete uploads under s3://lake/_standpipe/standpipe-clicks/ are aborted after 7 days",
		"cost":                                           "ok: lease table: up to 0.5 million write and 1.3 million read units a month for 2 shards and one worker, about $0.50 at on-demand prices",
	} {
		if lines[check] != want {
			t.Errorf("%s\n got: %s\nwant: %s", check, lines[check], want)
		}
	}
	if !strings.HasPrefix(lines["stream clicks: read"], "ok: shardId-00000000000") {
		t.Errorf("got %s", lines["stream clicks: read"])
	}
	if rows := c.dynamo.Dump("standpipe-clicks"); len(rows) != 0 {
		t.Errorf("rows stay: %v", rows)
	}
	if objects := c.s3.Objects("lake"); len(objects) != 0 {
		t.Errorf("objects stay: %v", objects)
	}
}

// TestOnlineCheckCreatesNoTable leaves that to run.
func TestOnlineCheckCreatesNoTable(t *testing.T) {
	c := newCloud(t)
	c.dynamo.Control("CreateTable", func(faults.Call, func()) error {
		t.Error("a table is created")
		return nil
	})
	r, lines := c.online(t)
	if want := "ok: does not exist yet: run creates it"; r.code != exitOK || !strings.HasPrefix(lines["table standpipe-clicks"], want) {
		t.Errorf("got %s", r)
	}
}

// answer makes an operation fail with a code.
func answer(status int, code string) faults.Hook {
	return func(faults.Call, func()) error { return &faults.Error{Status: status, Code: code, Message: "no"} }
}

// TestOnlineCheckFindsEachFailure breaks one thing after the other.
func TestOnlineCheckFindsEachFailure(t *testing.T) {
	t.Parallel()
	kinesis := func(op string, h faults.Hook) func(*cloud) { return func(c *cloud) { c.kinesis.Control(op, h) } }
	dynamo := func(op string, h faults.Hook) func(*cloud) { return func(c *cloud) { c.dynamo.Control(op, h) } }
	s3 := func(op string, h faults.Hook) func(*cloud) { return func(c *cloud) { c.s3.Control(op, h) } }
	denied := answer(http.StatusBadRequest, "AccessDeniedException")
	forbidden := answer(http.StatusForbidden, "AccessDenied")
	const clicks = "s3://lake/clicks/"
	for _, tc := range []struct {
		name  string
		set   func(*cloud)
		check string
		want  string // how its line begins
		code  int
	}{
		{"DescribeStreamSummary", kinesis("DescribeStreamSummary", denied), "stream clicks", "failed: access to stream clicks is denied: allow kinesis:DescribeStreamSummary", exitRuntime},
		{"DescribeStreamSummaryThenTheRest", kinesis("DescribeStreamSummary", denied), "stream clicks: read", "skipped: ", exitRuntime},
		{"ListShards", kinesis("ListShards", denied), "stream clicks: shards", "failed: access to stream clicks is denied: allow kinesis:ListShards on it", exitRuntime},
		{"GetShardIterator", kinesis("GetShardIterator", denied), "stream clicks: read", "failed: access to stream clicks is denied: allow kinesis:GetShardIterator on it", exitRuntime},
		{"GetRecords", kinesis("GetRecords", denied), "stream clicks: read", "failed: access to stream clicks is denied: allow kinesis:GetRecords on it", exitRuntime},
		{"GetRecordsThrottled", kinesis("GetRecords", answer(400, "ProvisionedThroughputExceededException")), "stream clicks: read", "warning: read shardId-000000000000 is allowed but throttled", exitOK},
		{"StreamKey", kinesis("GetRecords", answer(400, "KMSAccessDeniedException")), "stream clicks: read", "failed: read shardId-000000000000: KMSAccessDeniedException: no: allow kms:Decrypt", exitRuntime},
		{"DescribeTable", dynamo("DescribeTable", denied), "table standpipe-clicks", "failed: access to table standpipe-clicks is denied: allow dynamodb:DescribeTable on it", exitRuntime},
		{"GetItem", dynamo("GetItem", denied), "table standpipe-clicks: read", "failed: access to table standpipe-clicks is denied: allow dynamodb:GetItem on it", exitRuntime},
		{"Scan", dynamo("Scan", denied), "table standpipe-clicks: read", "failed: access to table standpipe-clicks is denied: allow dynamodb:Scan on it", exitRuntime},
		{"PutItem", dynamo("PutItem", denied), "table standpipe-clicks: write", "failed: access to table standpipe-clicks is denied: allow dynamodb:PutItem on it", exitRuntime},
		{"UpdateItem", dynamo("UpdateItem", denied), "table standpipe-clicks: write", "failed: access to table standpipe-clicks is denied: allow dynamodb:UpdateItem on it", exitRuntime},
		{"DeleteItem", dynamo("DeleteItem", denied), "table standpipe-clicks: write", "failed: access to table standpipe-clicks is denied: allow dynamodb:DeleteItem on it; the row standpipe#check#", exitRuntime},
		{"HeadBucket", s3("HeadBucket", forbidden), "bucket lake", "failed: access to bucket lake is denied: ", exitRuntime},
		{"HeadBucketThenTheRest", s3("HeadBucket", forbidden), clicks + ": upload", "skipped: ", exitRuntime},
		{"CreateMultipartUpload", s3("CreateMultipartUpload", forbidden), clicks + ": upload", "failed: access to s3://lake/clicks/ is denied: allow s3:PutObject on s3://lake/clicks/*", exitRuntime},
		{"UploadPart", s3("UploadPart", forbidden), clicks + ": upload", "failed: access to s3://lake/clicks/ is denied: allow s3:PutObject on s3://lake/clicks/*", exitRuntime},
		{"ListParts", s3("ListParts", forbidden), clicks + ": upload", "failed: access to s3://lake/clicks/ is denied: allow s3:ListMultipartUploadParts", exitRuntime},
		{"HeadObject", s3("HeadObject", answer(http.StatusForbidden, "Forbidden")), clicks + ": missing key", "failed: HEAD of a key that is not there answers 403, not 404: allow s3:ListBucket on bucket lake and s3:GetObject", exitRuntime},
		{"HeadObjectSucceeds", s3("HeadObject", answer(http.StatusOK, "")), clicks + ": missing key", "failed: an object is there under a random key", exitRuntime},
		{"S3IsBroken", s3("HeadObject", answer(http.StatusBadRequest, "InvalidRequest")), clicks + ": missing key", "failed: ", exitRuntime},
		{"RulesNotImplemented", s3("Unsupported", answer(http.StatusNotImplemented, "NotImplemented")), "bucket lake: lifecycle", "note: the server has no lifecycle rules", exitOK},
		{"RulesDenied", s3("Unsupported", forbidden), "bucket lake: lifecycle", "note: s3:GetLifecycleConfiguration is not allowed", exitOK},
		{"RulesBroken", s3("Unsupported", answer(http.StatusBadRequest, "InvalidRequest")), "bucket lake: lifecycle", "failed: read the lifecycle rules of bucket lake: InvalidRequest", exitRuntime},
		{"NoRules", s3("Unsupported", answer(http.StatusNotFound, "NoSuchLifecycleConfiguration")), "bucket lake: lifecycle", `warning: no rule aborts incomplete uploads under s3://lake/_standpipe/standpipe-clicks/: what a crash leaves behind costs storage for ever: add to the bucket's rules {"ID": "incomplete-uploads"`, exitOK},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCloud(t)
			if strings.HasPrefix(tc.check, "table") {
				c.leaseTable(t)
			}
			rules(c, rule("all", "", abortAfter(7)))
			tc.set(c)
			r, lines := c.online(t)
			if !strings.HasPrefix(lines[tc.check], tc.want) || r.code != tc.code {
				t.Errorf("want %s %s, code %d\n%s", tc.check, tc.want, tc.code, r)
			}
			if tc.code == exitRuntime && !strings.Contains(r.stderr, " checks failed: run would not work\n") {
				t.Errorf("stderr: %s", r.stderr)
			}
		})
	}
}

// TestOnlineCheckSaysWhatItCouldNotRemove has an abort that is denied.
func TestOnlineCheckSaysWhatItCouldNotRemove(t *testing.T) {
	c := newCloud(t)
	heal := c.s3.Control("AbortMultipartUpload", answer(http.StatusForbidden, "AccessDenied"))
	r := execute(t, c.env(), "check", "--online")
	heal()
	want := "access to s3://lake/clicks/ is denied: allow s3:AbortMultipartUpload on s3://lake/clicks/*; the upload of clicks/standpipe-clicks-"
	if r.code != exitRuntime || !strings.Contains(r.stdout, want) {
		t.Errorf("got %s", r)
	}
	if left := len(c.s3.Uploads("lake")); left != 3 {
		t.Errorf("%d uploads stay, 3 could not be aborted", left)
	}
}

// TestOnlineCheckOfAForeignTable has another key than a KCL's.
func TestOnlineCheckOfAForeignTable(t *testing.T) {
	c := newCloud(t)
	_, err := c.database().CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("standpipe-clicks"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("ShardID"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("ShardID"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r, lines := c.online(t)
	if want := "failed: its key is (ShardID), a lease table's is (leaseKey), a string: name another table in leases.table"; r.code != exitRuntime || lines["table standpipe-clicks"] != want {
		t.Errorf("got %s", r)
	}
}

func TestOnlineCheckNeedsCredentialsFirst(t *testing.T) {
	c := newCloud(t)
	r := execute(t, c.env("STANDPIPE_S3_ENDPOINT=", "STANDPIPE_STREAM_REGION=eu-west-1"), "check", "--online")
	if r.code != exitRuntime || !strings.Contains(r.stdout, "failed  credentials  no AWS credentials for S3: set AWS_ACCESS_KEY_ID") || strings.Contains(r.stdout, "bucket lake") {
		t.Errorf("got %s", r)
	}
}

func TestOnlineCheckOfBadConfiguration(t *testing.T) {
	c := newCloud(t)
	r := execute(t, c.env("STANDPIPE_BUFFER_SIZE=1"), "check", "--online")
	if r.code != exitUsage || strings.Contains(r.stdout, "Online:") {
		t.Errorf("got %s", r)
	}
}

// TestInterruptedOnlineCheckLeavesNothing is interrupted after an upload was created and a row was put.
func TestInterruptedOnlineCheckLeavesNothing(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.leaseTable(t)
	ctx, interrupt := context.WithTimeout(t.Context(), 20*time.Second)
	defer interrupt()
	put := make(chan struct{})
	c.dynamo.Control("PutItem", func(_ faults.Call, next func()) error {
		next()
		close(put)
		<-ctx.Done()
		return nil
	})
	c.s3.Control("UploadPart", func(_ faults.Call, next func()) error {
		next()
		select {
		case <-put:
		case <-ctx.Done():
		}
		interrupt()
		return nil
	})
	var stdout, stderr bytes.Buffer
	code := run(ctx, []string{"check", "--online"}, c.env(), &stdout, &stderr)
	if code != exitInterrupted || strings.Contains(stdout.String(), "Online:") {
		t.Errorf("code %d, %s %s", code, &stdout, &stderr)
	}
	if uploads, rows := c.s3.Uploads("lake"), c.dynamo.Dump("standpipe-clicks"); len(uploads) != 0 || len(rows) != 0 {
		t.Errorf("left: %v, %v", uploads, rows)
	}
}
