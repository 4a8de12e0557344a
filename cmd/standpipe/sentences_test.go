package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"standpipe/config"
	"standpipe/internal/faults"
)

// expect compares what run prints, with the endpoints of the cloud written as KINESIS, DYNAMODB and S3.
func (c *cloud) expect(t *testing.T, env []string, code int, want ...string) {
	t.Helper()
	r := execute(t, env, "run", "--log.level", "error")
	said := strings.NewReplacer(c.kinesisURL, "KINESIS", c.dynamoURL, "DYNAMODB", c.s3URL, "S3", c.glueURL, "GLUE").Replace(r.stderr)
	logged, got, _ := strings.Cut(said, "\n")
	var line struct{ Level, Message, Error string }
	if err := json.Unmarshal([]byte(logged), &line); err != nil || line.Level != "error" || line.Message == "" || line.Error != strings.Join(want, "; ") {
		t.Errorf("logged %s (%v)", logged, err)
	}
	if wanted := "standpipe: " + strings.Join(want, "\nstandpipe: ") + "\n"; got != wanted || r.code != code || r.stdout != "" {
		t.Errorf("code %d, want %d\n got: %s\nwant: %s", r.code, code, got, wanted)
	}
}

const noSuchBucket = "bucket pond does not exist: create it with `aws s3 mb s3://pond --region us-east-1 --endpoint-url S3`, or set "

func TestMissingBucket(t *testing.T) {
	c := newCloud(t)
	c.expect(t, c.env("STANDPIPE_OUTPUTS_0_BUCKET=pond"), exitRuntime, noSuchBucket+"outputs[0].bucket")
}

func TestMissingStream(t *testing.T) {
	c := newCloud(t)
	c.expect(t, c.env("STANDPIPE_STREAM_NAME=clacks"), exitRuntime,
		"stream clacks does not exist in us-east-1: create it with `aws kinesis create-stream --stream-name clacks --region us-east-1 --endpoint-url KINESIS`, or set stream.name or stream.region")
}

func TestEverythingMissingIsSaidAtOnce(t *testing.T) {
	c := newCloud(t)
	c.expect(t, c.env("STANDPIPE_STREAM_NAME=clacks", "STANDPIPE_ERRORS_BUCKET=pond"), exitRuntime,
		"stream clacks does not exist in us-east-1: create it with `aws kinesis create-stream --stream-name clacks --region us-east-1 --endpoint-url KINESIS`, or set stream.name or stream.region",
		noSuchBucket+"errors.bucket")
}

func TestNoCredentials(t *testing.T) {
	c := newCloud(t)
	c.expect(t, c.env("STANDPIPE_STREAM_ENDPOINT=", "STANDPIPE_S3_ENDPOINT=", "STANDPIPE_STREAM_REGION=eu-west-1"), exitRuntime,
		"no AWS credentials for Kinesis and S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the task or instance a role")
}

func TestNoRegion(t *testing.T) {
	c := newCloud(t)
	c.expect(t, c.env("STANDPIPE_STREAM_ENDPOINT="), exitUsage, "no AWS region is set for Kinesis: set stream.region or AWS_REGION")
}

func TestUnknownProfile(t *testing.T) {
	c := newCloud(t)
	t.Setenv("AWS_PROFILE", "staging")
	c.expect(t, c.env(), exitUsage, "AWS profile staging does not exist: add it to ~/.aws/config (or the file of AWS_CONFIG_FILE), or set AWS_PROFILE to another")
}

func TestPortInUse(t *testing.T) {
	c := newCloud(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	addr := ln.Addr().String()
	c.expect(t, c.env("STANDPIPE_SERVER_LISTEN="+addr), exitRuntime,
		"listen on "+addr+": another process uses the port: stop it, or set server.listen to a free one, or to off")
}

func TestUnreachableEndpoints(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.expect(t, c.env("STANDPIPE_STREAM_ENDPOINT=http://127.0.0.1:1", "STANDPIPE_LEASES_ENDPOINT=http://127.0.0.1:1", "STANDPIPE_S3_ENDPOINT=http://127.0.0.1:1"), exitRuntime,
		"Kinesis can not be reached at http://127.0.0.1:1 (connection refused): start it, or set stream.endpoint to where it is",
		"DynamoDB can not be reached at http://127.0.0.1:1 (connection refused): start it, or set leases.endpoint to where it is",
		"S3 can not be reached at http://127.0.0.1:1 (connection refused): start it, or set s3.endpoint to where it is")
}

func TestEndpointsOfSomethingElse(t *testing.T) {
	c := newCloud(t)
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	c.expect(t, c.env("STANDPIPE_STREAM_ENDPOINT="+web.URL, "STANDPIPE_LEASES_ENDPOINT="+web.URL), exitRuntime,
		web.URL+" answers 404 Not Found, as no Kinesis does: start it, or set stream.endpoint to where it is",
		web.URL+" answers 404 Not Found, as no DynamoDB does: start it, or set leases.endpoint to where it is")
}

func TestAccessDenied(t *testing.T) {
	c := newCloud(t)
	deny := func(faults.Call, func()) error {
		return &faults.Error{Status: http.StatusBadRequest, Code: "AccessDeniedException", Message: "User is not authorized"}
	}
	c.kinesis.Control("DescribeStreamSummary", deny)
	c.dynamo.Control("DescribeTable", deny)
	c.s3.Control("HeadBucket", func(faults.Call, func()) error {
		return &faults.Error{Status: http.StatusForbidden, Code: "AccessDenied"}
	})
	c.expect(t, c.env(), exitRuntime,
		"access to stream clicks is denied: allow kinesis:DescribeStreamSummary, kinesis:ListShards, kinesis:GetShardIterator and kinesis:GetRecords on it",
		"access to table standpipe-clicks is denied: allow dynamodb:DescribeTable, CreateTable, Scan, GetItem, PutItem, UpdateItem and DeleteItem on it",
		"access to bucket lake is denied: it belongs to somebody else, or s3:ListBucket is not allowed on it: allow that, or set outputs[0].bucket")
}

// TestTableMayNotBeCreated fails behind the checks at the start, in the consumer.
func TestTableMayNotBeCreated(t *testing.T) {
	c := newCloud(t)
	c.dynamo.Control("CreateTable", func(faults.Call, func()) error {
		return &faults.Error{Status: http.StatusBadRequest, Code: "AccessDeniedException", Message: "User is not authorized to perform: dynamodb:CreateTable"}
	})
	c.expect(t, c.env(), exitRuntime, "create lease table standpipe-clicks: AccessDeniedException: User is not authorized to perform: dynamodb:CreateTable")
}

func TestExpiredCredentials(t *testing.T) {
	c := newCloud(t)
	c.kinesis.Control("", func(faults.Call, func()) error {
		return &faults.Error{Status: http.StatusBadRequest, Code: "ExpiredTokenException", Message: "The security token included in the request is expired"}
	})
	c.expect(t, c.env(), exitRuntime, "Kinesis does not accept the AWS credentials (ExpiredTokenException): renew them, and check this machine's clock")
}

// TestThrottledStartGoesOn lets the first call be refused, as happens when many tasks start together.
func TestThrottledStartGoesOn(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.kinesis.Control("DescribeStreamSummary", func(call faults.Call, _ func()) error {
		if call.Occurrence == 1 {
			return &faults.Error{Status: http.StatusBadRequest, Code: "LimitExceededException", Message: "Rate exceeded for stream clicks."}
		}
		return nil
	})
	d := start(t, c.env())
	d.leased(t)
	d.signal()
	if err := <-d.ended; err != nil {
		t.Error(err)
	}
}

// TestS3ComesBackDuringTheStart answers 503 for longer than a single check goes on.
func TestS3ComesBackDuringTheStart(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.s3.Control("HeadBucket", func(call faults.Call, _ func()) error {
		if call.Occurrence <= 4 {
			return &faults.Error{Status: http.StatusServiceUnavailable, Code: "SlowDown", Message: "Please reduce your request rate."}
		}
		return nil
	})
	d := start(t, c.env())
	d.leased(t)
	d.signal()
	if err := <-d.ended; err != nil {
		t.Error(err)
	}
}

// TestS3StaysDownDuringTheStart ends with the last answer, not with the end of the time.
func TestS3StaysDownDuringTheStart(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.s3.Control("HeadBucket", func(faults.Call, func()) error {
		return &faults.Error{Status: http.StatusServiceUnavailable, Code: "SlowDown", Message: "Please reduce your request rate."}
	})
	cfg, err := config.Load(config.Source{Env: c.env()})
	if err != nil {
		t.Fatal(err)
	}
	err = connected(t, cfg).verify(t.Context(), cfg, 4*time.Second)
	want := "S3 answers 503 Service Unavailable at " + c.s3URL + ": it is overloaded or down; try again in a minute, or set s3.endpoint to another"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// TestBucketElsewhere answers as S3 does for a bucket of another region.
func TestBucketElsewhere(t *testing.T) {
	c := newCloud(t)
	moved := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Bucket-Region", "eu-central-1")
		w.WriteHeader(http.StatusMovedPermanently)
	}))
	defer moved.Close()
	c.expect(t, c.env("STANDPIPE_S3_ENDPOINT="+moved.URL), exitRuntime, "bucket lake is in eu-central-1, not in us-east-1: name a bucket in us-east-1")
}

// TestSilentEndpoint asks a server that takes the connection and never answers.
func TestSilentEndpoint(t *testing.T) {
	c := newCloud(t)
	release := make(chan struct{})
	c.kinesis.Control("DescribeStreamSummary", func(faults.Call, func()) error {
		<-release
		return nil
	})
	cfg, err := config.Load(config.Source{Env: c.env()})
	if err != nil {
		t.Fatal(err)
	}
	err = connected(t, cfg).verify(t.Context(), cfg, 200*time.Millisecond)
	close(release)
	if want := "Kinesis does not answer at " + c.kinesisURL + ": start it, or set stream.endpoint to where it is"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestBadConfigurations(t *testing.T) {
	for name, tc := range map[string]struct{ yaml, want string }{
		"unknown key":      {"stream: {name: clicks, regoin: eu-west-1}\noutputs: [{bucket: lake}]\n", "stream.regoin: unknown key (line 1); did you mean region?"},
		"impossible value": {"stream: {name: clicks}\nbuffer: {size: 6GiB}\noutputs: [{bucket: lake}]\n", "buffer.size: must be 1MiB to 5GiB (got \"6GiB\", line 2)"},
		"bad prefix": {"stream: {name: clicks}\noutputs: [{bucket: lake, prefix: \"a/!{timestamp:bb}/\"}]\n",
			"outputs[0].prefix: offset 14"},
		"partition key": {"stream: {name: clicks}\noutputs: [{bucket: lake, prefix: \"a/!{partitionKeyFromQuery:customer}/\"}]\n",
			`outputs[0].prefix: names !{partitionKeyFromQuery:customer}, but steps has no partition_keys: add one, such as - partition_keys: '{customer: .customer}'`},
		"prefix and key at once": {"stream: {name: clicks, colour: red}\noutputs: [{bucket: lake, prefix: \"a/!{timestamp:bb}/\"}]\n",
			"standpipe: outputs[0].prefix: offset 14"},
		"key too long": {"stream: {name: clicks}\nleases: {table: t-1, application: " + strings.Repeat("a", 255) + "}\noutputs: [{bucket: lake, extension: ." + strings.Repeat("x", 120) + ", prefix: \"" + strings.Repeat("ü", 500) + "/\"}]\n",
			"S3 takes 1024 (got"},
	} {
		for _, command := range []string{"check", "run"} {
			r := execute(t, nil, command, "-c", write(t, tc.yaml))
			if r.code != exitUsage || r.stdout != "" || !strings.Contains(r.stderr, tc.want) || !strings.HasPrefix(r.stderr, "standpipe: ") {
				t.Errorf("%s by %s: want %q, got %s", name, command, tc.want, r)
			}
		}
	}
}
