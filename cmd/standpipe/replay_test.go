package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"standpipe/consumer"
	"standpipe/internal/faults"
	"standpipe/internal/kinesisfake"
)

// putClicks puts records, each a JSON object with its number, and gives a time after them.
func (c *cloud) putClicks(t *testing.T, from, to int) time.Time {
	t.Helper()
	for i := from; i < to; i++ {
		if _, _, err := c.kinesis.Put("clicks", fmt.Sprint(i), fmt.Appendf(nil, `{"n":%d}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	return aMoment()
}

// aMoment gives a time such that what arrives later arrives in another millisecond.
func aMoment() time.Time {
	<-time.After(5 * time.Millisecond)
	now := time.Now().UTC()
	<-time.After(5 * time.Millisecond)
	return now
}

// replayArgs are a replay's, of a time under replay/.
func replayArgs(from, to time.Time, more ...string) []string {
	return append([]string{"replay", "--from", from.Format(time.RFC3339Nano), "--to", to.Format(time.RFC3339Nano), "--prefix", "replay/",
		"--margin", "50ms", "--share", "1", "--buffer.interval", "1s"}, more...)
}

// only fails unless exactly these records are under a prefix, each once.
func (c *cloud) only(t *testing.T, prefix string, from, to int) {
	t.Helper()
	lines := c.lines(t, prefix)
	for i := from; i < to; i++ {
		if n := lines[fmt.Sprintf(`{"n":%d}`, i)]; n != 1 {
			t.Errorf("record %d is %d times under %s", i, n, prefix)
		}
	}
	if len(lines) != to-from {
		t.Errorf("%d records are under %s, want %d", len(lines), prefix, to-from)
	}
}

// others is everything that is not a replay's: objects by key, and the rows of the workers' table.
func (c *cloud) others() map[string]string {
	all := map[string]string{}
	for _, o := range c.s3.Objects("lake") {
		if !strings.HasPrefix(o.Key, "replay/") && !strings.Contains(o.Key, "-replay-") {
			all[o.Key] = fmt.Sprint(o.Size)
		}
	}
	for _, row := range c.dynamo.Dump("standpipe-clicks") {
		all[fmt.Sprint(row["leaseKey"])] = fmt.Sprint(row)
	}
	return all
}

func TestReplay(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	from := c.putClicks(t, 0, 20)
	if _, _, err := c.kinesis.Split("clicks", "shardId-000000000000"); err != nil {
		t.Fatal(err)
	}
	to := c.putClicks(t, 20, 60)
	c.putClicks(t, 60, 70)
	d := start(t, c.env("STANDPIPE_BUFFER_INTERVAL=1s"))
	eventually(t, "deliver everything", func() bool { return len(c.lines(t, "clicks/")) == 70 })
	d.signal()
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
	before := c.others()

	r := execute(t, c.env(), replayArgs(from, to)...)
	if r.code != exitOK || !strings.Contains(r.stdout, "40 records of ") || !strings.Contains(r.stdout, "this worker read 40 Kinesis records") ||
		!strings.Contains(r.stdout, "\nOK: ") || !strings.Contains(r.stdout, "\noutput-0  s3://lake/replay/clicks/\nerrors    s3://lake/replay/errors/") {
		t.Fatal(r)
	}
	c.only(t, "replay/clicks/", 20, 60)

	objects := len(c.s3.Objects("lake"))
	if r = execute(t, c.env(), replayArgs(from, to, "--deep")...); r.code != exitOK || !strings.Contains(r.stdout, "nothing was left to read") || !strings.Contains(r.stdout, "checksums, bytes and 40 lines") {
		t.Error(r)
	}
	if r = execute(t, c.env(), "verify", "--strict"); r.code != exitOK || !strings.Contains(r.stdout, "OK: ") {
		t.Errorf("the workers' own proof: %s", r)
	}
	if r = execute(t, c.env(), replayArgs(from, to, "--remove-table")...); r.code != exitOK || !strings.Contains(r.stdout, " is deleted.\n") {
		t.Error(r)
	}
	if r = execute(t, c.env(), replayArgs(from, to)...); r.code != exitRuntime || !strings.Contains(r.stderr, "this was replayed before: its journals lie under s3://lake/_standpipe/standpipe-clicks-replay-") {
		t.Errorf("after the table was deleted: %s", r)
	}
	if n := len(c.s3.Objects("lake")); n != objects {
		t.Errorf("%d objects were written again", n-objects)
	}
	if after := c.others(); !maps.Equal(before, after) {
		t.Errorf("the workers had %v, have %v", before, after)
	}
	for op, n := range c.dynamo.Operations() {
		if op == "DeleteTable" && n != 1 {
			t.Errorf("%d tables were deleted", n)
		}
	}
}

// TestReplayGoesOn ends a replay by a signal, by SIGKILL in the middle of a commit, and twice at once; then lets it end.
func TestReplayGoesOn(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	from := aMoment()
	to := c.putClicks(t, 0, 200)
	args := replayArgs(from, to, "--leases.failover", "3s")

	ctx, signal := context.WithCancel(t.Context())
	heal := c.s3.Control("CreateMultipartUpload", func(faults.Call, func()) error {
		signal()
		return nil
	})
	var stdout, stderr bytes.Buffer
	code := run(ctx, args, c.env(), &stdout, &stderr)
	if code != exitInterrupted || stdout.Len() != 0 || !strings.Contains(stderr.String(), "stopped before everything was written; the same command goes on from here") {
		t.Errorf("interrupted: code %d\n%s\n%s", code, &stdout, &stderr)
	}
	heal()
	more := c.putClicks(t, 200, 400) // a second replay, longer, is another one
	args = replayArgs(from, more, "--leases.failover", "3s", "--prefix", "again/")

	promised := make(chan struct{}, 10)
	heal = c.s3.Control("CompleteMultipartUpload", func(faults.Call, func()) error {
		promised <- struct{}{}
		return faults.ErrLost
	})
	p := launch(t, c.env(), args...)
	<-promised
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.code(t)
	heal()
	both := make(chan result, 2)
	for range 2 {
		go func() { both <- execute(t, c.env(), args...) }()
	}
	for range 2 {
		if r := <-both; r.code != exitOK || !strings.Contains(r.stdout, "400 records of ") {
			t.Error(r)
		}
	}
	c.only(t, "again/clicks/", 0, 400)

	if r := execute(t, c.env(), replayArgs(from, to, "--leases.failover", "3s")...); r.code != exitOK || !strings.Contains(r.stderr, "going on with the replay that was begun before") {
		t.Error(r)
	}
	c.only(t, "replay/clicks/", 0, 200)
}

// Without --to the time ends at the first start, whenever the same command is given again.
func TestReplayWithoutEnd(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	from := aMoment()
	c.putClicks(t, 0, 20)
	args := []string{"replay", "--from", from.Format(time.RFC3339Nano), "--prefix", "replay/", "--margin", "50ms", "--buffer.interval", "1s", "--server.listen", "127.0.0.1:0"}
	r := execute(t, c.env(), args...)
	if r.code != exitOK || !strings.Contains(r.stderr, "--to is missing, or lies in the future: the time ends now") || !strings.Contains(r.stderr, `"message":"listening"`) {
		t.Error(r)
	}
	c.putClicks(t, 20, 40)
	if r = execute(t, c.env(), args...); r.code != exitOK || !strings.Contains(r.stdout, "nothing was left to read") {
		t.Error(r)
	}
	c.only(t, "replay/clicks/", 0, 20)
}

func TestReplayIsRefused(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	from := aMoment()
	to := c.putClicks(t, 0, 5)
	old, ancient := from.Add(-90*time.Hour), from.Add(-100*time.Hour)
	if r := execute(t, c.env(), replayArgs(from, to, "--application", "standpipe-other")...); r.code != exitOK {
		t.Fatal(r)
	}
	d := start(t, c.env("STANDPIPE_LEASES_APPLICATION=standpipe-third", "STANDPIPE_JOURNAL_PREFIX=journals/"))
	d.leased(t)
	d.signal()
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"replay"}, exitUsage, "--from is required: a time such as"},
		{replayArgs(to, from), exitUsage, "--from must be before --to"},
		{replayArgs(from, to, "--share", "0"), exitUsage, "--share must be above 0, and at most 1 (got 0)"},
		{replayArgs(from, to, "--margin", "-1s"), exitUsage, "--margin must be 0s or more (got -1s)"},
		{replayArgs(from, to, "--prefix", ""), exitUsage, "--prefix: is required"},
		{replayArgs(from, to, "--prefix", "clicks/again/"), exitUsage, "--prefix: must lead out of outputs[0].prefix"},
		{replayArgs(from, to, "--prefix", "x/!{timestamp:yyyy}/"), exitUsage, "--prefix: must be plain text"},
		{replayArgs(from, to, "--output", "none"), exitUsage, "--output: must be the name of an output: output-0 (got \"none\")"},
		{replayArgs(from, to, "--application", "standpipe-clicks"), exitUsage, "--application: must differ from leases.application"},
		{replayArgs(time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)), exitUsage, "--from must lie in the past"},
		{replayArgs(ancient, old), exitRuntime, "is left in stream clicks, so there is nothing to replay"},
		{replayArgs(from, to, "--application", "standpipe-other", "--prefix", "b/"), exitRuntime, "it belongs to another replay (from "},
		{replayArgs(from, to, "--application", "standpipe-third"), exitRuntime, "it belongs to workers that read on and on"},
		{[]string{"run", "--leases.application", "standpipe-other"}, exitRuntime, "it belongs to a replay (from "},
	} {
		if r := execute(t, c.env(), row.args...); r.code != row.code || !strings.Contains(r.stderr, "standpipe: "+row.want) && !strings.Contains(r.stderr, row.want) {
			t.Errorf("%v, want %q: %s", row.args, row.want, r)
		}
	}
}

// What left the stream is warned of and fails the proof; before the stream was made nothing can be missing.
func TestReplayOfWhatLeftTheRetention(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	to := c.putClicks(t, 0, 20)
	r := execute(t, c.env(), replayArgs(to.Add(-48*time.Hour), to)...)
	if r.code != exitOK || strings.Contains(r.stderr, "has left the stream's retention") {
		t.Error(r)
	}
	c.only(t, "replay/clicks/", 0, 20)

	var days atomic.Int64 // that the server's clock is behind
	days.Store(3)
	c.kinesis = kinesisfake.New(kinesisfake.Options{Now: func() time.Time { return time.Now().AddDate(0, 0, -int(days.Load())) }})
	if err := c.kinesis.CreateStream("clicks", 1); err != nil {
		t.Fatal(err)
	}
	c.putClicks(t, 0, 10)
	days.Store(0)
	to = c.putClicks(t, 10, 30)
	server := httptest.NewServer(c.kinesis)
	defer server.Close()
	r = execute(t, c.env("STANDPIPE_STREAM_ENDPOINT="+server.URL), replayArgs(to.Add(-48*time.Hour), to, "--prefix", "old/")...)
	if r.code != exitPartial || !strings.Contains(r.stderr, "what arrived then has left the stream's retention and can not be replayed") || !strings.Contains(r.stdout, "1 possible loss") {
		t.Error(r)
	}
	c.only(t, "old/clicks/", 10, 30)
}

// Kinesis' clock decides, not this machine's.
func TestReplayFollowsTheClockOfKinesis(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	const ahead = time.Hour
	c.kinesis = kinesisfake.New(kinesisfake.Options{Now: func() time.Time { return time.Now().Add(ahead) }})
	if err := c.kinesis.CreateStream("clicks", 1); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		c.kinesis.ServeHTTP(w, r)
	}))
	defer server.Close()
	from := aMoment().Add(ahead)
	c.putClicks(t, 0, 20)
	r := execute(t, c.env("STANDPIPE_STREAM_ENDPOINT="+server.URL), "replay", "--from", from.Format(time.RFC3339Nano), "--prefix", "replay/", "--margin", "1s", "--buffer.interval", "1s")
	if r.code != exitOK || !strings.Contains(r.stderr, "Kinesis' clock and this machine's differ; Kinesis' is followed") {
		t.Error(r)
	}
	c.only(t, "replay/clicks/", 0, 20)
}

// A replay registers no partitions, and says so.
func TestReplayLeavesGlueAlone(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	from := aMoment()
	to := c.putClicks(t, 0, 20)
	env := c.env("STANDPIPE_OUTPUTS_0_CATALOG=glue", "STANDPIPE_OUTPUTS_0_GLUE_DATABASE=lake", "STANDPIPE_OUTPUTS_0_GLUE_TABLE=clicks",
		"STANDPIPE_OUTPUTS_0_GLUE_ENDPOINT="+c.glueURL, "STANDPIPE_OUTPUTS_0_SCHEMA=n bigint", "STANDPIPE_OUTPUTS_0_PREFIX=clicks/day=!{timestamp:yyyy-MM-dd}/",
		"STANDPIPE_STREAM_REGION=eu-west-1")
	r := execute(t, env, replayArgs(from, to)...)
	if r.code != exitOK || !strings.Contains(r.stderr, "output output-0: catalog glue is off: partitions of a replay do not belong in table lake.clicks") {
		t.Error(r)
	}
	c.only(t, "replay/clicks/", 0, 20)
	if ops := c.glue.Operations(); len(ops) != 0 {
		t.Errorf("Glue was asked for %v", ops)
	}
}

// The line that a terminal shows stays below the log.
func TestScreenKeepsItsLineBelowTheLog(t *testing.T) {
	var b bytes.Buffer
	s := &screen{w: &b, terminal: true}
	_, _ = io.WriteString(s, "one\n")
	s.show("10 %")
	_, _ = io.WriteString(s, "two\n")
	s.show("20 %")
	s.show("")
	line := func(s string) string { return cutLine + s + wrapLines }
	if want := "one\n" + clearLine + line("10 %") + clearLine + "two\n" + line("10 %") + clearLine + line("20 %") + clearLine + line(""); b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestReplayGuessesTheTimeLeft(t *testing.T) {
	began := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	p := &pace{began: began}
	state := consumer.ReplayProgress{To: began, At: began.Add(-time.Hour), Shards: 3, Finished: 1, Part: 0.5, Records: 1000, Bytes: 3 << 20}
	if left := p.left(state, began); left != 0 {
		t.Errorf("at the start %v are left", left)
	}
	state.Part = 0.6
	now := began.Add(10 * time.Second)
	left := p.left(state, now)
	if want := "1 of 3 shards finished · at 2026-01-31 11:00:00 of 2026-01-31 12:00:00 (60 %) · 1,000 records, 3.0 MiB · 100/s, 307.2 KiB/s · about 40s left"; p.line(state, left, now) != want {
		t.Errorf("got  %s\nwant %s", p.line(state, left, now), want)
	}
	state.Part, state.At = 1, state.To
	if line := p.line(state, p.left(state, now), now); !strings.Contains(line, "(99 %)") || !strings.Contains(line, "waiting for what arrives late") {
		t.Error(line)
	}
}

// TestReplayInItsDocument holds docs/replay.md to what replay prints, but for what differs each time. UPDATE=1 writes it anew.
func TestReplayInItsDocument(t *testing.T) {
	t.Parallel()
	const page, begin, end = "../../docs/replay.md", "<!-- replay -->\n", "<!-- /replay -->"
	c := newCloud(t)
	from := aMoment()
	c.putClicks(t, 0, 1000)
	if _, err := c.kinesis.Merge("clicks", "shardId-000000000000", "shardId-000000000001"); err != nil {
		t.Fatal(err)
	}
	to := c.putClicks(t, 1000, 3000)
	r := execute(t, c.env("STANDPIPE_OUTPUTS_0_NAME=raw"), replayArgs(from, to)...)
	if r.code != exitOK {
		t.Fatal(r)
	}
	for was, is := range map[string]string{
		from.Format(time.RFC3339Nano): "2026-01-31T12:00:00Z", `before \S+Z`: "before 2026-01-31T18:00:00Z", `-replay-[0-9a-f]{8}`: "-replay-5af58c44",
		`in [0-9.]+s\.`: "in 14m2.5s.", `\d{4}-\d\d-\d\d \d\d:\d\d`: "2026-02-01 09:14", `of [0-9,]+ bytes`: "of 8,132 bytes",
		`in \d+ objects`: "in 2 objects", `objects   \d+ `: "objects   2 ", `: \d+ batches`: ": 2 batches",
	} {
		r.stdout = regexp.MustCompile(was).ReplaceAllString(r.stdout, is)
	}
	want := "```text\n" + r.stdout + "```\n"
	text, err := os.ReadFile(page)
	must(t, err)
	before, rest, found := strings.Cut(string(text), begin)
	got, after, ended := strings.Cut(rest, end)
	switch {
	case !found || !ended:
		t.Fatal("docs/replay.md has no block replay")
	case got == want:
	case os.Getenv("UPDATE") != "":
		must(t, os.WriteFile(page, []byte(before+begin+want+end+after), 0o600))
	default:
		t.Errorf("run `UPDATE=1 go test ./cmd/standpipe`; docs/replay.md has\n%s\nreplay prints\n%s", got, want)
	}
}

func TestReplayDryRun(t *testing.T) {
	c := newCloud(t)
	r := execute(t, c.env("STANDPIPE_OUTPUTS_0_NAME=raw"), "replay", "--from", "2026-01-31T12:00:00Z", "--prefix", "replay/", "--application", "standpipe-again", "--dry-run")
	const want = `stream   clicks, from 2026-01-31T12:00:00Z to its first start, under replay/
leases   DynamoDB table standpipe-again, made when it begins
output   raw: like s3://lake/replay/clicks/2026/01/31/12/standpipe-again-2026-01-31-12-00-00-00000000-0000-0000-0000-000000000000-0.ndjson.gz
errors   like s3://lake/replay/errors/processing-failed/year=2026/month=01/day=31/hour=12/standpipe-again-2026-01-31-12-00-00-00000000-0000-0000-0000-000000000000-0.ndjson.gz
journal  s3://lake/_standpipe/standpipe-again/
`
	if r.code != exitOK || r.stdout != want || r.stderr != "" {
		t.Errorf("%s\nwant\n%s", r, want)
	}
	if n := c.dynamo.Calls(); n != 0 || len(c.s3.Operations()) != 0 || len(c.kinesis.Gate.Operations()) != 0 {
		t.Error("AWS was called")
	}
}
