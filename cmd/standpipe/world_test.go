package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"standpipe/internal/dynamofake"
	"standpipe/internal/gluefake"
	"standpipe/internal/kinesisfake"
	"standpipe/internal/lambdafake"
	"standpipe/internal/s3fake"
)

// asProgram makes this test binary the program itself, for tests that need a process and for demos that start workers.
const asProgram = "RUN_AS_STANDPIPE"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	_ = os.Setenv(asProgram, "1") // whatever process is started from it
	noAWS()
	goleak.VerifyTestMain(m)
}

// cloud is AWS on this machine.
type cloud struct {
	kinesis *kinesisfake.Server
	dynamo  *dynamofake.Server
	s3      *s3fake.Server
	glue    *gluefake.Server // with the database lake, which is empty
	lambda  *lambdafake.Server

	kinesisURL, dynamoURL, s3URL, glueURL, lambdaURL string
}

// newCloud has the stream clicks and the bucket lake.
func newCloud(t *testing.T) *cloud {
	t.Helper()
	store, err := s3fake.New(s3fake.Options{Buckets: []string{"lake"}})
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{kinesis: kinesisfake.New(kinesisfake.Options{}), dynamo: dynamofake.New(dynamofake.Options{}), s3: store, glue: gluefake.New("lake"), lambda: lambdafake.New()}
	if err := c.kinesis.CreateStream("clicks", 2); err != nil {
		t.Fatal(err)
	}
	k, d, s, g, l := httptest.NewServer(c.kinesis), httptest.NewServer(c.dynamo), httptest.NewServer(c.s3), httptest.NewServer(c.glue), httptest.NewServer(c.lambda)
	c.kinesisURL, c.dynamoURL, c.s3URL, c.glueURL, c.lambdaURL = k.URL, d.URL, s.URL, g.URL, l.URL
	t.Cleanup(func() {
		k.Close()
		d.Close()
		s.Close()
		g.Close()
		l.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// noAWS takes every setting of the SDK away: no test may find what this machine knows of the real AWS.
func noAWS() {
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "AWS_") {
			_ = os.Unsetenv(name)
		}
	}
	for name, value := range map[string]string{"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true"} {
		_ = os.Setenv(name, value)
	}
}

// env is a configuration for the cloud; more pairs win over it.
func (c *cloud) env(more ...string) []string {
	pairs := []string{
		"STANDPIPE_STREAM_NAME=clicks", "STANDPIPE_STREAM_ENDPOINT=" + c.kinesisURL, "STANDPIPE_LEASES_ENDPOINT=" + c.dynamoURL,
		"STANDPIPE_S3_ENDPOINT=" + c.s3URL, "STANDPIPE_S3_PATH_STYLE=true", "STANDPIPE_OUTPUTS_0_BUCKET=lake",
		"STANDPIPE_OUTPUTS_0_PREFIX=clicks/", "STANDPIPE_SERVER_LISTEN=127.0.0.1:0",
	}
	for _, m := range more {
		name, _, _ := strings.Cut(m, "=")
		for i, p := range pairs {
			if strings.HasPrefix(p, name+"=") {
				pairs[i] = "IGNORED="
			}
		}
	}
	return append(pairs, more...)
}

// result is what a user sees of one call.
type result struct {
	code           int
	stdout, stderr string
}

func (r result) String() string {
	return fmt.Sprintf("code %d\nstdout:\n%s\nstderr:\n%s", r.code, r.stdout, r.stderr)
}

// execute runs the program; one that is still at work after 20 s is stopped. The last line of errors, with pages of the
// documentation, is left out; TestErrorsNameThePageThatHelps looks at it.
func execute(t *testing.T, env []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var stdout, stderr bytes.Buffer
	code := run(ctx, args, env, &stdout, &stderr)
	said, _, _ := strings.Cut(stderr.String(), morePages)
	return result{code, stdout.String(), said}
}

// write makes a file for -c.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "standpipe.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// eventually waits until ok holds, looking every few milliseconds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	limit := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}
