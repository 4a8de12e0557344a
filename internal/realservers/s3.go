package realservers

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"standpipe/internal/process"
)

// versityGateway is an S3 server over a folder. What S3 keeps beside an object's bytes is in files too, since not every
// file system has extended attributes.
// https://github.com/versity/versitygw
var versityGateway = &shared{kind: kind{
	name:     "versitygw",
	variable: "S3_ENDPOINT",
	absent:   func() string { return unfetched(gatewayProgram) },
	command: func(s *Server, dir string, ports [2]int) (*exec.Cmd, error) {
		program, err := locate(gatewayProgram)
		if err != nil {
			return nil, err
		}
		data, meta := filepath.Join(dir, "data"), filepath.Join(dir, "meta")
		for _, folder := range []string{data, meta} {
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return nil, err
			}
		}
		if s.SecretKey == anySecret {
			s.SecretKey = rand.Text()
		}
		cmd := exec.Command(program, "--quiet", "posix", "--sidecar", meta, data)
		cmd.Dir = dir
		cmd.Env = process.Environment(
			fmt.Sprintf("VGW_PORT=127.0.0.1:%d", ports[0]), "VGW_REGION="+Region,
			"ROOT_ACCESS_KEY_ID="+s.AccessKey, "ROOT_SECRET_ACCESS_KEY="+s.SecretKey,
		)
		return cmd, nil
	},
	ready: func(ctx context.Context, s *Server) error {
		c := s3.NewFromConfig(s.Config(), func(o *s3.Options) { o.UsePathStyle, o.Retryer = true, aws.NopRetryer{} })
		_, err := c.ListBuckets(ctx, &s3.ListBucketsInput{})
		return err
	},
}}

const gatewayProgram = ".cache/versitygw"
