package realservers

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"standpipe/internal/process"
)

const (
	shards     = 2
	stopLimit  = 25 * time.Second // run promises 20
	checkEvery = 250 * time.Millisecond
)

// world is a stream, a bucket, and the program to carry the one into the other.
type world struct {
	*testing.T
	kinesis  *kinesis.Client
	dynamodb *dynamodb.Client
	s3       *s3.Client

	name    string // of stream, application, table and bucket
	program string
	config  string
	env     []string
	sent    int
	read    map[string][]string // the lines of each object that was read, by key
	workers []*process.Process
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dynamoServer, s3Server, kinesisServer := DynamoDB(t), S3(t), Kinesis(t)
	dir := t.TempDir()
	program := process.Build(t, dir, raced()...)
	w := &world{
		T: t, program: program, config: filepath.Join(dir, "standpipe.yaml"), name: "clicks-" + strings.ToLower(rand.Text()), read: map[string][]string{},
		kinesis: kinesis.NewFromConfig(kinesisServer.Config()), dynamodb: dynamodb.NewFromConfig(dynamoServer.Config()),
		s3:  s3.NewFromConfig(s3Server.Config(), func(o *s3.Options) { o.UsePathStyle = true }),
		env: process.Environment("AWS_ACCESS_KEY_ID="+s3Server.AccessKey, "AWS_SECRET_ACCESS_KEY="+s3Server.SecretKey, "AWS_EC2_METADATA_DISABLED=true"),
	}
	_, err := w.kinesis.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: &w.name, ShardCount: aws.Int32(shards)})
	w.must(err)
	w.active()
	_, err = w.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &w.name})
	w.must(err)

	w.must(os.WriteFile(w.config, fmt.Appendf(nil, `stream:  {name: %[1]s, region: %[2]s, endpoint: "%[3]s"}
leases:  {application: %[1]s, endpoint: "%[4]s", failover: 3s}
buffer:  {interval: 2s}
outputs: [{name: raw, bucket: %[1]s, prefix: "clicks/!{timestamp:yyyy/MM/dd/HH}/"}]
errors:  {prefix: "errors/!{firehose:error-output-type}/"}
s3:      {endpoint: "%[5]s", path_style: true}
server:  {listen: "off"}
`, w.name, Region, kinesisServer.Endpoint, dynamoServer.Endpoint, s3Server.Endpoint), 0o600))
	t.Cleanup(w.close)
	return w
}

// raced is the flag that builds the program with the race detector, where the tests have it.
func raced() (flags []string) {
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		flags = append(flags, "-race") // what `go test` has compiled serves here too
	}
	return flags
}

// close kills what still runs, and shows the workers' logs when the test has failed.
func (w *world) close() {
	for i, p := range w.workers {
		if w.Failed() {
			w.Logf("worker %d logged:\n%s", i+1, p.Logged())
		}
		p.End()
	}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// eventually looks again until a check has no objection.
func (w *world) eventually(what string, limit time.Duration, check func() error) {
	w.Helper()
	late := time.NewTimer(limit)
	defer late.Stop()
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-late.C:
			w.Fatalf("%s: not within %v: %v", what, limit, err)
		}
	}
}

// start runs one more worker.
func (w *world) start() *process.Process {
	w.Helper()
	cmd := exec.Command(w.program, "run", "-c", w.config)
	cmd.Env = w.env
	dir, err := process.Folder()
	w.must(err)
	p, err := process.Launch(cmd, dir)
	w.must(err)
	w.workers = append(w.workers, p)
	return p
}

// terminate stops a worker in order.
func (w *world) terminate(p *process.Process) {
	w.Helper()
	w.must(p.Signal(syscall.SIGTERM))
	late := time.NewTimer(stopLimit)
	defer late.Stop()
	select {
	case <-p.Done:
	case <-late.C:
		w.Fatalf("a worker was still running %v after SIGTERM", stopLimit)
	}
	if p.ExitCode() != 0 {
		w.Errorf("a worker that was stopped ended with %v", p.Err)
	}
}

// lease is what a test looks at in a row of the lease table.
type lease struct{ shard, owner, checkpoint, pending string }

// leases reads the table as any user can; there is none before the first worker has made it.
func (w *world) leases() []lease {
	w.Helper()
	tables, err := w.dynamodb.ListTables(w.Context(), &dynamodb.ListTablesInput{ExclusiveStartTableName: aws.String(w.name[:len(w.name)-1]), Limit: aws.Int32(1)})
	w.must(err)
	if len(tables.TableNames) == 0 || tables.TableNames[0] != w.name {
		return nil
	}
	out, err := w.dynamodb.Scan(w.Context(), &dynamodb.ScanInput{TableName: &w.name, ConsistentRead: aws.Bool(true)})
	w.must(err)
	var found []lease
	for _, row := range out.Items {
		switch text(row["entityType"]) {
		case "LEASE":
			found = append(found, lease{text(row["leaseKey"]), text(row["leaseOwner"]), text(row["checkpoint"]), text(row["pendingBatch"])})
		case "STANDPIPE_BATCH":
			found = append(found, lease{shard: text(row["leaseKey"]), pending: text(row["batch"])})
		}
	}
	return found
}
