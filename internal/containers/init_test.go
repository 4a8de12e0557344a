package containers

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"standpipe/internal/realservers"
)

// initialised runs init.sh with the stub in awslocal's place and gives what it printed and what there was no server for.
func initialised(t *testing.T, streams, buckets *realservers.Server) (printed string, calls []call) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "awslocal")); err != nil {
		t.Fatal(err)
	}
	records := filepath.Join(dir, "calls")
	script, err := filepath.Abs(filepath.Join(root, "deploy/localstack/init.sh"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), script)
	cmd.Env = []string{
		"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH"), recordTo + "=" + records,
		kinesisAt + "=" + streams.Endpoint, s3At + "=" + buckets.Endpoint, "STUB_KEYS=" + buckets.AccessKey + " " + buckets.SecretKey,
	}
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("init.sh: %v\n%s%s", err, out, &complaints)
	}
	text, err := os.ReadFile(records)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var c call
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		calls = append(calls, c)
	}
	return string(out), calls
}

// bodies are what browsers send, and what must arrive byte for byte: pipeline B's pretty-printed one, an empty object,
// no JSON at all, quotes and lines.
var bodies = []string{"{\n    \"Data\": \"Test\"\n}", "{}", "tap dripping", "{\"q\":\"\\\"$util\\\"\"}\r\n"}

// TestInitScript makes stream and bucket on kinesis-local and versitygw; the route is checked, and its mapping template
// carried out on their stream as API Gateway would.
func TestInitScript(t *testing.T) {
	streams, buckets := realservers.Kinesis(t), realservers.S3(t)
	if streams.Given || buckets.Given {
		t.Skip("the servers hold other things: the script's names may be taken")
	}
	printed, calls := initialised(t, streams, buckets)
	reader := kinesis.NewFromConfig(streams.Config())
	stream := variable(t, "stream")
	summary, err := reader.DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: &stream})
	if err != nil || *summary.StreamDescriptionSummary.OpenShardCount != 2 {
		t.Errorf("the stream: %v, %v", summary, err)
	}
	lake := s3.NewFromConfig(buckets.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := lake.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String(variable(t, "bucket"))}); err != nil {
		t.Errorf("the bucket: %v", err)
	}
	url := "http://localhost:4566/_aws/execute-api/clicks/dev/clicks"
	for name, text := range map[string]string{"init.sh's output": printed, "docker-compose.yml": read(t, "docker-compose.yml"), "docs/containers.md": read(t, "docs/containers.md")} {
		if !strings.Contains(text, "curl -X POST -H 'Content-Type: application/json' -d '{\"page\": \"/items/323\"}' "+url) {
			t.Errorf("%s does not show how to send a click to %s", name, url)
		}
	}
	template := checkRoute(t, calls, stream)
	for i, body := range bodies {
		var put struct{ StreamName, Data, PartitionKey string }
		request := strings.NewReplacer("$util.base64Encode($input.body)", base64.StdEncoding.EncodeToString([]byte(body)), "$context.requestId", "request-"+string(rune('a'+i))).Replace(template)
		if err := json.Unmarshal([]byte(request), &put); err != nil || strings.Contains(request, "$") {
			t.Fatalf("the mapping template makes %s, %v", request, err)
		}
		data, err := base64.StdEncoding.DecodeString(put.Data)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := reader.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: &put.StreamName, Data: data, PartitionKey: &put.PartitionKey}); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]bool{}
	for _, shard := range []string{"shardId-000000000000", "shardId-000000000001"} {
		at, err := reader.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{StreamName: &stream, ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
		if err != nil {
			t.Fatal(err)
		}
		out, err := reader.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: at.ShardIterator})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out.Records {
			got[string(r.Data)] = true
		}
	}
	for _, body := range bodies {
		if !got[body] {
			t.Errorf("%q did not arrive", body)
		}
	}
}

// checkRoute looks at what API Gateway and IAM were asked for, and gives the mapping template.
func checkRoute(t *testing.T, calls []call, stream string) string {
	t.Helper()
	by := map[string]call{}
	for _, c := range calls {
		by[c.Op+c.Flags["status-code"]] = c
		if c.Service == "apigateway" && c.Op != "create-rest-api" && c.Flags["rest-api-id"] != "clicks" {
			t.Errorf("%s is for API %s", c.Op, c.Flags["rest-api-id"])
		}
		if r, ok := c.Flags["resource-id"]; ok && (r != "clicks1" || c.Flags["http-method"] != "POST") {
			t.Errorf("%s is for %s %s", c.Op, c.Flags["http-method"], r)
		}
	}
	in := by["put-integration"].Flags
	for _, want := range []struct{ got, want string }{
		{by["create-rest-api"].Flags["tags"], "_custom_id_=clicks"},
		{by["create-resource"].Flags["parent-id"] + "/" + by["create-resource"].Flags["path-part"], "root1/clicks"},
		{by["put-method"].Flags["authorization-type"], "NONE"},
		{in["type"] + " " + in["integration-http-method"], "AWS POST"},
		{in["uri"], "arn:aws:apigateway:us-east-1:kinesis:action/PutRecord"},
		{in["credentials"], roleARN},
		{in["passthrough-behavior"], "NEVER"},
		{in["request-parameters"], `{"integration.request.header.Content-Type": "'application/x-amz-json-1.1'"}`},
		{by["put-integration-response200"].Flags["selection-pattern"], ""},
		{by["put-integration-response502"].Flags["selection-pattern"], `[45]\d{2}`},
		{by["create-deployment"].Flags["stage-name"], "dev"},
	} {
		if want.got != want.want {
			t.Errorf("got %q, want %q", want.got, want.want)
		}
	}
	if calls[len(calls)-1].Op != "create-deployment" || by["put-method-response200"].Op == "" || by["put-method-response502"].Op == "" {
		t.Errorf("calls %v", calls)
	}
	checkRole(t, by, stream)
	var templates map[string]string
	if err := json.Unmarshal([]byte(in["request-templates"]), &templates); err != nil {
		t.Fatal(err)
	}
	const want = `{"StreamName": "clicks", "Data": "$util.base64Encode($input.body)", "PartitionKey": "$context.requestId"}`
	for _, kind := range []string{"application/json", "text/plain", "application/x-www-form-urlencoded"} {
		if templates[kind] != want {
			t.Errorf("the template for %s is %s", kind, templates[kind])
		}
	}
	return templates["application/json"]
}

// checkRole: API Gateway alone may take it, and put records into this stream alone.
func checkRole(t *testing.T, by map[string]call, stream string) {
	t.Helper()
	type policy struct {
		Version   string
		Statement []struct {
			Effect, Action, Resource string
			Principal                struct{ Service string }
		}
	}
	var trust, allow policy
	if err := json.Unmarshal([]byte(by["create-role"].Flags["assume-role-policy-document"]), &trust); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(by["put-role-policy"].Flags["policy-document"]), &allow); err != nil {
		t.Fatal(err)
	}
	if len(trust.Statement) != 1 || trust.Statement[0].Principal.Service != "apigateway.amazonaws.com" || trust.Statement[0].Action != "sts:AssumeRole" {
		t.Errorf("trusted are %+v", trust)
	}
	if len(allow.Statement) != 1 || allow.Statement[0].Action != "kinesis:PutRecord" || allow.Statement[0].Resource != "arn:aws:kinesis:*:*:stream/"+stream {
		t.Errorf("allowed is %+v", allow)
	}
	if by["put-role-policy"].Flags["role-name"] != by["create-role"].Flags["role-name"] {
		t.Error("the policy is another role's")
	}
}
