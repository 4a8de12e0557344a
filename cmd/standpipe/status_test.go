package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"standpipe/consumer"
	"standpipe/internal/faults"
	"standpipe/internal/status"
)

// statusJSON is what `status --json` prints.
func statusJSON(t *testing.T, env []string) (s status.Snapshot, r result) {
	t.Helper()
	r = execute(t, env, "status", "--json")
	if err := json.Unmarshal([]byte(r.stdout), &s); err != nil {
		t.Fatalf("%v: %s", err, r)
	}
	return s, r
}

// TestStatusOfTwoWorkers looks at workers that work, and at one that can not write.
func TestStatusOfTwoWorkers(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	env := c.env("STANDPIPE_LEASES_FAILOVER=5s", "STANDPIPE_BUFFER_INTERVAL=1s")
	a := start(t, env)
	a.leased(t)
	b := start(t, env)
	eventually(t, "share the shards", func() bool { return b.metric(t, "standpipe_leases_held") == 1 })
	for n := range 200 {
		if _, _, err := c.kinesis.Put("clicks", fmt.Sprint(n), fmt.Appendf(nil, `{"n":%d}`, n)); err != nil {
			t.Fatal(err)
		}
	}
	var s status.Snapshot
	var r result
	eventually(t, "see both commit", func() bool {
		s, r = statusJSON(t, env)
		return len(s.Workers) == 2 && s.Workers[0].Commit != nil && s.Workers[1].Commit != nil
	})
	if r.code != exitOK || r.stderr != "" || s.Verdict.Level != status.Well || s.Form != status.Form || s.Worker != "" || s.Shards.Read != 2 || s.Shards.Total != 2 {
		t.Errorf("got %s", r)
	}
	for i, sh := range s.Shards.Shown {
		if sh.State != "reading" || sh.Lag == nil || *sh.Lag != 0 || sh.Owner == "" || len(sh.Checkpoint) < 20 {
			t.Errorf("shard %d: %+v", i, sh)
		}
	}
	text := execute(t, env, "status")
	for _, want := range []string{"Well: 2 shards are read by 2 workers, none of them behind\napplication standpipe-clicks, stream clicks, lease table standpipe-clicks, at ", "\nWORKER ", s.Workers[0].ID, s.Workers[1].ID, "\nshardId-000000000001  reading  "} {
		if !strings.Contains(text.stdout, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}

	c.s3.Control("UploadPart", func(faults.Call, func()) error {
		return &faults.Error{Status: 503, Code: "ServiceUnavailable", Message: "Service is unable to handle request."}
	})
	if _, _, err := c.kinesis.Put("clicks", "k", []byte(`{"n":0}`)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "be told of the trouble", func() bool {
		s, r = statusJSON(t, env)
		return s.Verdict.Level == status.Watch
	})
	if text := s.Verdict.Findings[0].Text; !strings.Contains(text, ": Uploading to S3 fails for ") || !strings.Contains(text, "S3 answers 503 ServiceUnavailable: Service is unable to handle request: it is overloaded") || r.code != exitOK {
		t.Errorf("got %q, %s", text, r)
	}
	c.s3.Control("UploadPart", func(faults.Call, func()) error { return nil })
	for _, d := range []*daemon{a, b} {
		d.signal()
		if err := <-d.ended; err != nil {
			t.Fatal(err)
		}
	}
	if s, r = statusJSON(t, env); r.code != exitPartial || s.Verdict.Headline != "Not well: no worker is alive" || r.stderr != "standpipe: Not well: no worker is alive\n" || len(s.Workers) != 0 {
		t.Errorf("after the stop: %s", r)
	}
}

// TestStatusOfADeadApplication: what its rows say is old, so Kinesis is asked how far behind the shards are.
func TestStatusOfADeadApplication(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	old := status.Report{At: time.Now().Add(-time.Hour).UnixMilli(), Program: "v0.9"}.Encode(900)
	must(t, h.table.Join(t.Context(), "ghost", 0))
	must(t, h.table.Beat(t.Context(), "ghost", 0, old))
	must(t, h.table.Create(t.Context(), consumer.Lease{Shard: fmt.Sprintf(shardName, 0), Owner: "ghost", Epoch: 1, Checkpoint: "TRIM_HORIZON"}))
	for n := range 3 {
		if _, _, err := h.kinesis.Put("clicks", fmt.Sprint(n), []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
	}
	h.kinesis.Control("GetRecords", func(call faults.Call, next func()) error {
		if !strings.Contains(string(call.Body), `"Limit":1`) {
			t.Errorf("more than one record is asked for: %s", call.Body)
		}
		return nil
	})
	s, r := statusJSON(t, h.env())
	states := map[string]string{}
	for _, sh := range s.Shards.Shown {
		states[sh.ID] = sh.State
		if sh.Lag == nil {
			t.Errorf("nobody knows how far behind %s is", sh.ID)
		}
	}
	if r.code != exitPartial || fmt.Sprint(states) != "map[shardId-000000000000:silent shardId-000000000001:unowned]" || s.Workers[0].State != "silent" || s.Workers[0].Program != "v0.9" {
		t.Errorf("got %s", r)
	}
	// Without leave to read, or a stream to list, the rest is said all the same.
	h.kinesis.Control("GetShardIterator", func(faults.Call, func()) error {
		return &faults.Error{Status: 400, Code: "AccessDeniedException", Message: "no"}
	})
	s, r = statusJSON(t, h.env())
	if text := s.Verdict.Findings[len(s.Verdict.Findings)-1].Text; r.code != exitPartial || !strings.HasPrefix(text, "How far some shards are behind is not known: Kinesis answers 400 AccessDeniedException") || len(s.Shards.Shown) != 2 || s.Shards.Shown[0].Lag != nil {
		t.Errorf("got %q, %s", text, r)
	}
	h.kinesis.Control("ListShards", func(faults.Call, func()) error {
		return &faults.Error{Status: 400, Code: "ResourceNotFoundException", Message: "no stream"}
	})
	if s, r = statusJSON(t, h.env()); len(s.Shards.Shown) != 1 || !strings.Contains(r.stdout, "The stream's shards can not be listed: Kinesis answers 400 ResourceNotFoundException") {
		t.Errorf("got %s", r)
	}
}

func TestStatusOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	r := execute(t, c.env(), "status")
	if want := "standpipe: lease table standpipe-clicks does not exist in us-east-1: no worker of application standpipe-clicks has ever started there; start one with `standpipe run`, or set leases.table, leases.application and stream.region as the workers have them\n"; r.code != exitRuntime || r.stdout != "" || r.stderr != want {
		t.Errorf("got %s", r)
	}
	if r := execute(t, c.env(), "status", "--watch"); r.code != exitRuntime || !strings.Contains(r.stderr, "does not exist") {
		t.Errorf("got %s", r)
	}
	h := newHarbour(t)
	if r := execute(t, h.env("STANDPIPE_STREAM_NAME=taps", "STANDPIPE_LEASES_TABLE=standpipe-clicks"), "status"); r.code != exitRuntime || !strings.Contains(r.stderr, "lease table standpipe-clicks is that of stream clicks: set leases.table") {
		t.Errorf("got %s", r)
	}
	h.dynamo.Control("Scan", func(faults.Call, func()) error {
		return &faults.Error{Status: 400, Code: "AccessDeniedException", Message: "not authorized"}
	})
	if r := execute(t, h.env(), "status"); r.code != exitRuntime || !strings.Contains(r.stderr, "scan lease table standpipe-clicks: AccessDeniedException: not authorized") {
		t.Errorf("got %s", r)
	}
}

// lockedBuffer may be read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestStatusIsWatched appends where there is no terminal, goes on when a look fails, and ends without an error.
func TestStatusIsWatched(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	for _, form := range [][]string{{"status", "--watch"}, {"status", "--watch", "--json"}} {
		ctx, signal := context.WithCancel(t.Context())
		var stdout, stderr lockedBuffer
		ended := make(chan int, 1)
		go func() { ended <- run(ctx, form, h.env(), &stdout, &stderr) }()
		looks := func() int {
			if len(form) == 3 {
				return strings.Count(stdout.String(), "\n")
			}
			return strings.Count(stdout.String(), "Not well: no worker is alive\n")
		}
		eventually(t, "look", func() bool { return looks() == 1 })
		mend := h.dynamo.Control("Scan", func(faults.Call, func()) error {
			return &faults.Error{Status: 400, Code: "ValidationException", Message: "broken\x1b[2J"}
		})
		eventually(t, "say that a look failed", func() bool { return strings.Contains(stderr.String(), "ValidationException") })
		mend()
		eventually(t, "look again", func() bool { return looks() >= 2 })
		signal()
		if code := <-ended; code != exitOK || strings.Contains(stderr.String()+stdout.String(), "\x1b") || !strings.Contains(stderr.String(), "; looking again\n") {
			t.Errorf("code %d: %s%s", code, &stdout.b, &stderr.b)
		}
		if len(form) == 2 && !strings.Contains(stdout.String(), "\n\nNot well: ") {
			t.Errorf("nothing stands between two looks: %q", stdout.String())
		}
	}
}

// sampleStatus is an application with something to say of everything.
func sampleStatus() *status.Snapshot {
	now := time.Date(2026, 11, 22, 22, 15, 8, 0, time.UTC)
	seconds := func(v float64) *float64 { return &v }
	paths := 12
	lag := []float64{0, 0.2, 184, 0}
	s := &status.Snapshot{
		Form: status.Form, Time: now, Application: "standpipe-clicks", Stream: "clicks", Table: "standpipe-clicks",
		Verdict: status.Verdict{Level: status.Watch, Headline: "Working, but watch: reading lags by 3 min", Findings: []status.Finding{
			{Level: status.Watch, Text: "Reading lags by 3 min at most (shardId-000000000002). It catches up if the lag falls; if it grows, add workers or shards."}}},
		Shards: status.Shards{Total: 4, Read: 4, Finished: 2, Lag: 184},
		Workers: []status.Worker{
			{ID: "ip-10-0-3-17-9f2c11ab", State: "alive", Heard: now.Add(-2 * time.Second), Shards: 2, Lag: seconds(0.2), Bytes: seconds(1.3e6), Memory: &status.Memory{Used: 61 << 20, Budget: 128 << 20}, OpenPaths: &paths, Oldest: seconds(142),
				Commit: &status.Commit{Visible: now.Add(-151 * time.Second), Seconds: 1.4}},
			{ID: "ip-10-0-7-201-03be77c4", State: "alive", Heard: now.Add(-5 * time.Second), Shards: 2, Lag: seconds(184), Bytes: seconds(4.1e6), Memory: &status.Memory{Used: 119 << 20, Budget: 128 << 20}, OpenPaths: &paths, Oldest: seconds(67),
				Commit: &status.Commit{Visible: now.Add(-64 * time.Second), Seconds: 2.1}},
		},
	}
	for i := range 4 {
		s.Shards.Shown = append(s.Shards.Shown, status.Shard{ID: fmt.Sprintf(shardName, i), State: "reading", Owner: s.Workers[i/2].ID, Lag: &lag[i], Checkpoint: position(i), Visible: now.Add(-time.Duration(70+i) * time.Second)})
	}
	s.Batches = []status.Batch{
		{Owner: s.Workers[1].ID, Stage: "completing", Opened: now.Add(-67 * time.Second), Bytes: 131 << 20},
		{Owner: s.Workers[0].ID, Stage: "filling", Opened: now.Add(-142 * time.Second), Bytes: 87 << 20},
	}
	return s
}

// TestStatusSample holds docs/operations.md to what is printed. UPDATE=1 writes it there.
func TestStatusSample(t *testing.T) {
	const begin, end = "<!-- status -->\n```text\n", "```\n<!-- /status -->"
	file := filepath.Join("..", "..", "docs", "operations.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	old, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for the sample", file)
	}
	got := statusText(sampleStatus(), false)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(before+begin+got+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != got {
		t.Errorf("the sample differs from what is printed; run UPDATE=1 go test ./cmd/standpipe\n%s", got)
	}
}

// TestHostileStatusOnATerminal: names come from other processes.
func TestHostileStatusOnATerminal(t *testing.T) {
	s := sampleStatus()
	const evil = "\x1b]0;owned\x07\x1b[2J\u202e\r\nWell"
	s.Verdict.Findings[0].Text, s.Workers[0].ID, s.Workers[0].State, s.Batches[0].ID, s.Batches[0].Stage, s.Shards.Shown[0].ID, s.Shards.Shown[0].Checkpoint = evil, evil, evil, evil, evil, evil, evil
	lines := strings.Count(statusText(sampleStatus(), false), "\n")
	if text := statusText(s, false); strings.ContainsAny(text, "\x1b\x07\r\u202e") || strings.Count(text, "\n") != lines {
		t.Errorf("got %q", text)
	}
	if text := statusText(s, true); strings.Count(text, "\x1b") != 2 || !strings.HasPrefix(text, "\x1b[1;33mWorking") {
		t.Errorf("got %.80q", text)
	}
}
