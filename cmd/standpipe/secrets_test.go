package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"standpipe/internal/faults"
	"standpipe/internal/kinesistest"
	"standpipe/internal/lambdafake"
)

// output keeps everything that a process writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// TestNothingSecretIsShown runs the whole program at its most talkative, with marks in credentials and in everything
// that a producer chooses, through success, rejected records and every kind of failure of every service. None of the
// marks may be in what it writes or serves, as it is, in base64 or in hex.
func TestNothingSecretIsShown(t *testing.T) {
	t.Parallel()
	const (
		keyID, secret, token = "AKIAMARKEDMARKED1234", "MarkedSecretKey/MarkedSecretKey+MarkedSec", "MarkedSessionToken//MarkedSessionToken=="
		data, partitionKey   = "marked-record-content", "marked-partition-key"
	)
	c := newCloud(t)
	put := func(data []byte) {
		if _, _, err := c.kinesis.Put("clicks", partitionKey, data); err != nil {
			t.Fatal(err)
		}
	}
	user := kinesistest.UserRecord{PartitionKey: partitionKey, Data: []byte(`{"a":"` + data + `"}`)}
	bad := user
	bad.Data = []byte(data)
	puts := 0
	every := func() {
		for _, d := range [][]byte{
			user.Data, bad.Data, []byte("{\n \"a\": \"" + data + "\"}"), []byte(`{"` + data + `":1,}`), append(user.Data, 0xff),
			kinesistest.Aggregate(user, bad), kinesistest.BadMD5(user), kinesistest.KeyIndexOutOfRange(user), kinesistest.Nested(2, partitionKey, user),
		} {
			put(d)
			puts++
		}
	}
	every()

	var called atomic.Int32
	c.lambda.Put("tidy", func(payload []byte) ([]byte, error) {
		if called.Add(1) == 1 {
			return nil, &lambdafake.Failed{Type: data, Message: string(payload)}
		}
		return lambdafake.Each(func(r lambdafake.Record) lambdafake.Result { return r.Ok(r.Data) })(payload)
	})

	// Once it reads, every operation fails three times in turn: unavailable, denied, and without an answer. Before that
	// a denial ends the program, see below.
	var seen sync.Map
	var reads atomic.Bool
	var failed atomic.Int32
	disturb := func(call faults.Call, _ func()) error {
		if call.Op == "GetRecords" {
			reads.Store(true)
		}
		if !reads.Load() {
			return nil
		}
		n, _ := seen.LoadOrStore(call.Op, new(atomic.Int32))
		switch n.(*atomic.Int32).Add(1) {
		case 1:
			failed.Add(1)
			return &faults.Error{Status: 503, Code: "ServiceUnavailable", Message: "try again"}
		case 2:
			return &faults.Error{Status: 403, Code: "AccessDenied", Message: "not yours"}
		case 3:
			return faults.ErrLost
		}
		return nil
	}
	c.kinesis.Control("", disturb)
	c.dynamo.Control("", disturb)
	c.s3.Control("", disturb)
	c.lambda.Control("", disturb)

	listen := freeAddress(t)
	env := append(os.Environ(), c.env("STANDPIPE_LOG_LEVEL=trace", "STANDPIPE_BUFFER_INTERVAL=1s", "STANDPIPE_LEASES_FAILOVER=3s", "STANDPIPE_SERVER_LISTEN="+listen,
		"AWS_ACCESS_KEY_ID="+keyID, "AWS_SECRET_ACCESS_KEY="+secret, "AWS_SESSION_TOKEN="+token, "STANDPIPE_STREAM_REGION=eu-west-1",
		"STANDPIPE_STEPS_0_LAMBDA_FUNCTION=tidy", "STANDPIPE_STEPS_0_LAMBDA_ENDPOINT="+c.lambdaURL)...)
	var shown output
	p := exec.Command(os.Args[0], "run")
	p.Env, p.Stdout, p.Stderr = env, &shown, &shown
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Process.Kill()
		if t.Failed() {
			t.Log(shown.String()[max(0, len(shown.String())-5000):])
		}
	})
	ask := func(path string) string {
		resp, err := http.Get("http://" + listen + path)
		if err != nil {
			return ""
		}
		defer func() { _ = resp.Body.Close() }()
		body, _ := io.ReadAll(resp.Body)
		if path != "/metrics" { // which is asked for again and again
			_, _ = fmt.Fprintf(&shown, "%s %v %s", path, resp.Header, body)
		}
		return string(body)
	}
	eventually(t, "all records", func() bool {
		return strings.Contains(ask("/metrics"), fmt.Sprintf("standpipe_read_records_total %d\n", puts))
	})
	every()
	eventually(t, "all records again", func() bool {
		return strings.Contains(ask("/metrics"), fmt.Sprintf("standpipe_read_records_total %d\n", puts))
	})
	eventually(t, "committed", func() bool {
		return regexp.MustCompile(`standpipe_batches_total\{cause="interval"\} [1-9]`).MatchString(ask("/metrics"))
	})
	_, _ = io.WriteString(&shown, ask("/metrics"))
	ask("/readyz")
	ask("/healthz")
	ask("/")
	if got := ask("/status"); !strings.Contains(got, `"commits":[{`) {
		t.Errorf("the status shows no commit: %s", got)
	}
	_, _ = fmt.Fprintf(&shown, "%v", c.dynamo.Dump("standpipe-clicks")) // what workers say of themselves
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, shown.String())
	}
	if called.Load() < 2 {
		t.Errorf("the function was called %d times", called.Load())
	}
	if failed.Load() < 13 {
		t.Errorf("only %d operations failed", failed.Load())
	}
	if c.lines(t, "clicks/")[string(user.Data)] == 0 {
		t.Error("the marked records are not in the output")
	}

	// The errors that end the program, and the commands that explain the configuration.
	c.kinesis.Control("", func(faults.Call, func()) error {
		return &faults.Error{Status: 400, Code: "UnrecognizedClientException", Message: "The security token included in the request is invalid."}
	})
	for _, args := range [][]string{{"run"}, {"check"}, {"check", "--online"}, {"clean"}, {"status"}, {"status", "--json"}} {
		p := exec.Command(os.Args[0], args...)
		p.Env, p.Stdout, p.Stderr = env, &shown, &shown
		if err := p.Run(); err != nil && p.ProcessState == nil {
			t.Fatal(err)
		}
	}

	text := shown.String()
	for _, expected := range []string{`"level":"debug"`, `"level":"trace"`, "retrying", "batch committed", "workerReport", "standpipe_rejected_records_total", "UnrecognizedClientException"} {
		if !strings.Contains(text, expected) {
			t.Errorf("what is shown has no %s: this test would not see much", expected)
		}
	}
	for _, mark := range []string{keyID, secret, token, data, partitionKey} {
		forms := map[string]string{"as it is": mark, "in hex": hex.EncodeToString([]byte(mark)), "escaped": strings.ReplaceAll(mark, "/", "%2F")}
		for shift := range 3 { // base64 depends on where in a text the mark begins
			encoded := base64.StdEncoding.EncodeToString([]byte("xx"[:shift] + mark))
			forms[fmt.Sprint("in base64 after ", shift)] = encoded[4 : len(encoded)-4]
		}
		for form, looks := range forms {
			if at := strings.Index(text, looks); at >= 0 {
				t.Errorf("%s is shown %s: …%s…", mark, form, text[max(0, at-200):min(len(text), at+100)])
			}
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
