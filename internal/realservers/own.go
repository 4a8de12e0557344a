package realservers

import (
	"os"
	"testing"

	"standpipe/internal/process"
)

// Own is a server of one test alone, which can go away and come back with what it held. It is for one goroutine.
type Own struct {
	*Server // Endpoint is another one after each Start
	kind    *kind
	dir     string
	process *process.Process
}

// OwnDynamoDB starts DynamoDB Local with its tables in a file, whatever DYNAMODB_ENDPOINT says. Where it can not be
// had the test is skipped.
func OwnDynamoDB(t testing.TB) *Own { t.Helper(); return own(t, &dynamoDBLocal.kind) }

// OwnS3 starts versitygw without a bucket, whatever S3_ENDPOINT says. Where it can not be had the test is skipped.
func OwnS3(t testing.TB) *Own { t.Helper(); return own(t, &versityGateway.kind) }

func own(t testing.TB, k *kind) *Own {
	t.Helper()
	if reason := k.absent(); reason != "" {
		unavailable(t, k.name+": "+reason)
	}
	dir, err := process.Folder()
	if err != nil {
		t.Fatal(err)
	}
	o := &Own{Server: &Server{AccessKey: "standpipe", SecretKey: anySecret, durable: true}, kind: k, dir: dir}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // also where it never ran
	o.Start(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s logged:\n%s", k.name, o.process.Logged())
		}
		o.process.End()
	})
	return o
}

// Start starts it, on another port than before, since that one may be taken by now. It returns when it answers.
func (o *Own) Start(t testing.TB) {
	t.Helper()
	p, err := o.kind.serve(t.Context(), o.Server, o.dir)
	if err != nil {
		t.Fatal(err)
	}
	o.process = p
}

// Kill ends it with SIGKILL. What it has answered is kept.
func (o *Own) Kill() { o.process.Halt() }

// Process is the one that runs, to be stopped and continued.
func (o *Own) Process() *process.Process { return o.process }
