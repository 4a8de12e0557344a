package containers

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestMain makes this test binary the program awslocal where it is called by that name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "awslocal" {
		if err := awslocal(context.Background(), os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "awslocal:", err)
			os.Exit(252)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// The environment of that program: two servers, and the file that takes what there is no server for.
const (
	kinesisAt = "STUB_KINESIS"
	s3At      = "STUB_S3"
	recordTo  = "STUB_RECORD"
)

// call is one call of awslocal.
type call struct {
	Service, Op string
	Flags       map[string]string
	Words       []string
}

// stubbed are the operations without a server: the flags that each must have, and what --query gives of its answer.
// https://docs.aws.amazon.com/cli/latest/reference/apigateway/ and /iam/
var stubbed = map[string]struct {
	flags  string
	query  string
	answer string
}{
	"iam create-role":                     {"role-name assume-role-policy-document query output", "Role.Arn", roleARN},
	"iam put-role-policy":                 {"role-name policy-name policy-document", "", ""},
	"apigateway create-rest-api":          {"name tags query output", "id", "clicks"},
	"apigateway get-resources":            {"rest-api-id query output", "items[0].id", "root1"},
	"apigateway create-resource":          {"rest-api-id parent-id path-part query output", "id", "clicks1"},
	"apigateway put-method":               {"rest-api-id resource-id http-method authorization-type", "", ""},
	"apigateway put-integration":          {"rest-api-id resource-id http-method type integration-http-method credentials uri passthrough-behavior request-parameters request-templates", "", ""},
	"apigateway put-method-response":      {"rest-api-id resource-id http-method status-code", "", ""},
	"apigateway put-integration-response": {"rest-api-id resource-id http-method status-code", "", ""},
	"apigateway create-deployment":        {"rest-api-id stage-name", "", ""},
}

const roleARN = "arn:aws:iam::000000000000:role/clicks-to-kinesis"

// awslocal carries out what kinesis-local and an S3 server can, and records the rest.
func awslocal(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: awslocal SERVICE OPERATION …, got %q", args)
	}
	c := call{Service: args[0], Op: args[1], Flags: map[string]string{}}
	for i := 2; i < len(args); i++ {
		name, isFlag := strings.CutPrefix(args[i], "--")
		switch {
		case !isFlag:
			c.Words = append(c.Words, args[i])
		case i+1 == len(args) || c.Flags[name] != "":
			return fmt.Errorf("flag %s of %s %s is there twice or has no value", args[i], c.Service, c.Op)
		default:
			i++
			c.Flags[name] = args[i]
		}
	}
	options := func(variable string) aws.Config {
		key, secret, _ := strings.Cut(os.Getenv("STUB_KEYS"), " ")
		return aws.Config{Region: os.Getenv("AWS_DEFAULT_REGION"), BaseEndpoint: aws.String(os.Getenv(variable)), Credentials: credentials.NewStaticCredentialsProvider(key, secret, "")}
	}
	streams := kinesis.NewFromConfig(options(kinesisAt))
	switch name := c.Flags["stream-name"]; strings.Join(append([]string{c.Service, c.Op}, c.Words...), " ") {
	case "kinesis create-stream":
		n, err := strconv.Atoi(c.Flags["shard-count"])
		if err != nil {
			return err
		}
		_, err = streams.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: &name, ShardCount: aws.Int32(int32(n))})
		return err
	case "kinesis wait stream-exists":
		w := kinesis.NewStreamExistsWaiter(streams, func(o *kinesis.StreamExistsWaiterOptions) { o.MinDelay, o.MaxDelay = 50*time.Millisecond, time.Second })
		return w.Wait(ctx, &kinesis.DescribeStreamInput{StreamName: &name}, time.Minute)
	case "s3api create-bucket":
		client := s3.NewFromConfig(options(s3At), func(o *s3.Options) { o.UsePathStyle = true })
		_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(c.Flags["bucket"])})
		return err
	}
	return c.record()
}

// record checks the flags, appends the call to the file and prints what the script asks for.
func (c call) record() error {
	op, known := stubbed[c.Service+" "+c.Op]
	if !known {
		return fmt.Errorf("unknown operation %s %s", c.Service, c.Op)
	}
	for _, name := range strings.Fields(op.flags) {
		if c.Flags[name] == "" {
			return fmt.Errorf("%s %s needs --%s", c.Service, c.Op, name)
		}
	}
	if q := c.Flags["query"]; q != op.query || q != "" && c.Flags["output"] != "text" {
		return fmt.Errorf("%s %s: --query %s --output %s, want %s as text", c.Service, c.Op, q, c.Flags["output"], op.query)
	}
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(os.Getenv(recordTo), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(append(text, '\n')); err != nil {
		return err
	}
	if op.answer != "" {
		fmt.Println(op.answer)
	}
	return f.Close()
}
