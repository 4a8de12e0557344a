package realservers

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"standpipe/internal/process"
)

// kinesisLocal is kinesis-mock compiled to JavaScript, which LocalStack serves Kinesis with.
// https://github.com/etspaceman/kinesis-mock
var kinesisLocal = &shared{kind: kind{
	name:     "kinesis-local",
	variable: "KINESIS_TEST_ENDPOINT",
	absent: func() string {
		if _, err := exec.LookPath("node"); err != nil {
			return "Node.js is not installed"
		}
		return unfetched(kinesisScript)
	},
	command: func(_ *Server, _ string, ports [2]int) (*exec.Cmd, error) {
		script, err := locate(kinesisScript)
		if err != nil {
			return nil, err
		}
		cmd := exec.Command("node", script)
		cmd.Dir = filepath.Dir(script) // where it looks for its certificate
		cmd.Env = process.Environment(
			fmt.Sprintf("KINESIS_MOCK_PLAIN_PORT=%d", ports[0]), fmt.Sprintf("KINESIS_MOCK_TLS_PORT=%d", ports[1]),
			"AWS_REGION="+Region, "SHARD_LIMIT=1000", "LOG_LEVEL=WARN",
			"CREATE_STREAM_DURATION=100ms", "DELETE_STREAM_DURATION=100ms",
		)
		return cmd, nil
	},
	ready: func(ctx context.Context, s *Server) error {
		c := kinesis.NewFromConfig(s.Config(), func(o *kinesis.Options) { o.Retryer = aws.NopRetryer{} })
		_, err := c.ListStreams(ctx, &kinesis.ListStreamsInput{})
		return err
	},
}}

const kinesisScript = "node_modules/kinesis-local/main.js"
