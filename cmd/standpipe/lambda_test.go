package main

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"standpipe/internal/faults"
	"standpipe/internal/kinesistest"
	"standpipe/internal/lambdafake"
	"standpipe/sink"
	"standpipe/sink/steps"
)

// tidy is a configuration whose records go through the function tidy.
func (c *cloud) tidy(more ...string) []string {
	return c.env(append([]string{"STANDPIPE_STEPS_0_LAMBDA_FUNCTION=tidy", "STANDPIPE_STEPS_0_LAMBDA_ENDPOINT=" + c.lambdaURL, "STANDPIPE_BUFFER_INTERVAL=1s"}, more...)...)
}

// A function that can not be called ends the start with a sentence, and check --online says the same in a line. It is
// not called for that.
func TestFunctionAtTheStart(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.leaseTable(t)
	wrong := func(want string) {
		t.Helper()
		c.expect(t, c.tidy(), exitRuntime, want)
		r := execute(t, c.tidy(), "check", "--online")
		if got := findings(t, r)["Lambda function tidy"]; got != "failed: "+want || r.code != exitRuntime {
			t.Errorf("check says %q", got)
		}
	}
	wrong("function tidy does not exist in us-east-1: create it, or set steps[0].lambda.function or region")
	c.lambda.Put("tidy", func([]byte) ([]byte, error) { t.Error("it is called"); return nil, nil })
	remove := c.lambda.Control("DryRun", func(faults.Call, func()) error { return lambdafake.Denied() })
	wrong("access to function tidy is denied: allow lambda:InvokeFunction on it")
	remove()
	r, lines := c.online(t, c.tidy("STANDPIPE_STEPS_1_LAMBDA_FUNCTION=tidy", "STANDPIPE_STEPS_1_LAMBDA_ENDPOINT="+c.lambdaURL)...)
	if got := lines["Lambda function tidy"]; got != "ok: may be called in us-east-1 for lambda and lambda-2" || r.code != 0 {
		t.Errorf("%q in %s", got, r)
	}
	if !strings.Contains(r.stdout, "  function  lambda: Lambda function tidy at "+c.lambdaURL+", called with up to 1MiB of records, 5 calls at once for each shard\n") {
		t.Errorf("no function in %s", r)
	}
}

// A start waits for a Lambda that is throttled or has broken down for a moment.
func TestLambdaIsBusyAtTheStart(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.lambda.Put("tidy", nothing)
	answers := []error{lambdafake.Throttled(), lambdafake.Down(), lambdafake.Throttled(), lambdafake.Down()}
	var asked atomic.Int32
	c.lambda.Control("DryRun", func(faults.Call, func()) error {
		if n := int(asked.Add(1)); n <= len(answers) {
			return answers[n-1]
		}
		return nil
	})
	d := start(t, c.tidy())
	d.stop(t)
	if n := asked.Load(); n != 5 {
		t.Errorf("asked %d times", n)
	}
}

func nothing([]byte) ([]byte, error) { return []byte(`{}`), nil }

// The daemon delivers what the function makes of the records, leaves out what it drops, and sends what it fails to the
// error output. The function sees what Firehose would tell it, with the application in the stream's place.
func TestRunCallsAFunction(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	var mu sync.Mutex
	var events []lambdafake.Event
	keys := map[string]string{}
	c.lambda.Put("tidy", lambdafake.Whole(func(e lambdafake.Event) ([]lambdafake.Result, error) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, e)
		var results []lambdafake.Result
		for _, r := range e.Records {
			keys[string(r.Data)] = r.Kinesis.PartitionKey
			switch {
			case bytes.Contains(r.Data, []byte("drop")):
				results = append(results, r.Dropped())
			case bytes.Contains(r.Data, []byte("bad")):
				results = append(results, r.Failed())
			default:
				results = append(results, r.Ok(bytes.ReplaceAll(r.Data, []byte("a"), []byte("b"))))
			}
		}
		return results, nil
	}))
	put := func(key string, data []byte) {
		if _, _, err := c.kinesis.Put("clicks", key, data); err != nil {
			t.Fatal(err)
		}
	}
	put("outer", kinesistest.Aggregate(kinesistest.UserRecord{PartitionKey: "one", Data: []byte(`{"a":1}`)}, kinesistest.UserRecord{PartitionKey: "two", Data: []byte(`{"a":2}`)}))
	put("plain", []byte(`{"a":3}`))
	put("plain", []byte(`"drop"`))
	put("plain", []byte(`"bad"`))
	d := start(t, c.tidy())
	eventually(t, "deliver the records", func() bool {
		return len(c.lines(t, "clicks/")) == 3 && len(c.lines(t, "errors/processing-failed/")) == 1
	})
	counted := map[string]float64{}
	families, err := d.registry.Gather()
	must(t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			counted[name] = m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	if calls := counted["standpipe_lambda_calls_total ok lambda"]; counted["standpipe_step_records_total dropped lambda"] != 1 || calls < 1 || counted["standpipe_lambda_call_seconds lambda"] != calls {
		t.Errorf("metrics are %v", counted)
	}
	d.stop(t)
	for _, line := range []string{`{"b":1}`, `{"b":2}`, `{"b":3}`} {
		if c.lines(t, "clicks/")[line] != 1 {
			t.Errorf("lines are %v", c.lines(t, "clicks/"))
		}
	}
	for line := range c.lines(t, "errors/processing-failed/") {
		if !strings.HasPrefix(line, `{"rawData":"ImJhZCI=","errorCode":"Lambda.ProcessingFailedStatus","errorMessage":"ProcessingFailed status set for record","attemptsMade":1,"arrivalTimestamp":`) ||
			!strings.Contains(line, `,"lambdaARN":"tidy","shardId":`) || !strings.Contains(line, `,"step":"lambda"`) {
			t.Errorf("error record %s", line)
		}
	}
	if keys[`{"a":1}`] != "one" || keys[`{"a":2}`] != "two" || keys[`{"a":3}`] != "plain" {
		t.Errorf("partition keys are %v", keys)
	}
	e := events[0]
	if !strings.HasPrefix(e.SourceKinesisStreamArn, "arn:aws:kinesis:us-east-1:") || !strings.HasSuffix(e.SourceKinesisStreamArn, ":stream/clicks") ||
		e.DeliveryStreamArn != strings.NewReplacer(":kinesis:", ":firehose:", ":stream/clicks", ":deliverystream/standpipe-clicks").Replace(e.SourceKinesisStreamArn) || e.Region != "us-east-1" {
		t.Errorf("event %+v", e)
	}
}

// A function in another account is called in the role that its step names.
func TestFunctionIsCalledInItsRole(t *testing.T) {
	const callerRole = "arn:aws:iam::888899990000:role/tidy-caller"
	a := newAccounts(t)
	a.setSTS(0, func(request url.Values) *faults.Error {
		if request.Get("RoleArn") == callerRole && request.Get("ExternalId") == "tidy-4711" {
			return nil
		}
		return a.trust(request)
	})
	echo := lambdafake.Each(func(r lambdafake.Record) lambdafake.Result { return r.Ok(r.Data) })
	a.lambda.Put("tidy", echo)
	a.lambda.Control("", func(c faults.Call, _ func()) error {
		if who := caller(c.Header); who != "tidy-caller" {
			t.Errorf("%s is asked as %s", c.Op, who)
			return &faults.Error{Status: http.StatusForbidden, Code: "AccessDeniedException"}
		}
		return nil
	})
	env := a.env("STANDPIPE_STEPS_0_LAMBDA_FUNCTION=arn:aws:lambda:eu-central-1:888899990000:function:tidy:live", "STANDPIPE_STEPS_0_LAMBDA_ENDPOINT="+a.lambdaURL,
		"STANDPIPE_STEPS_0_LAMBDA_ROLE_ARN="+callerRole, "STANDPIPE_STEPS_0_LAMBDA_EXTERNAL_ID=tidy-4711")
	a.deliver(t, env)
	if n := a.lambda.Operations(); n["Invoke"] == 0 || n["DryRun"] == 0 {
		t.Errorf("operations %v", n)
	}
	lines := findings(t, execute(t, env, "check", "--online"))
	if got := lines["role "+callerRole]; got != "ok: assumed for Lambda function arn:aws:lambda:eu-central-1:888899990000:function:tidy:live" {
		t.Errorf("%q in %v", got, lines)
	}
	if got := lines["Lambda function arn:aws:lambda:eu-central-1:888899990000:function:tidy:live"]; got != "ok: may be called in eu-central-1 for lambda, used as role "+callerRole {
		t.Errorf("%q in %v", got, lines)
	}
}

type failing struct{ list []sink.Trouble }

func (failing) Name() string               { return "failing" }
func (f failing) Troubles() []sink.Trouble { return f.list }

// What fails in a step is what /readyz judges.
func TestTroublesOfStepsAreSeen(t *testing.T) {
	one, two := sink.Trouble{Op: "Invoke of function one"}, sink.Trouble{Op: "Invoke of function two"}
	list := troublesOf([]steps.Step{failing{}, failing{[]sink.Trouble{one}}, failing{[]sink.Trouble{two}}})
	if !slices.Equal(list, []sink.Trouble{one, two}) {
		t.Errorf("got %+v", list)
	}
}

// What a function failed is redriven through it, once it is mended.
func TestRedriveCallsAFunction(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	env := c.tidy("STANDPIPE_STEPS_0_LAMBDA_RETRIES=0")
	c.lambda.Put("tidy", func([]byte) ([]byte, error) { return nil, &lambdafake.Failed{Type: "TypeError"} })
	c.put(t, `{"a":1}`)
	d := start(t, env)
	eventually(t, "fail the record", func() bool { return len(c.lines(t, "errors/processing-failed/")) == 1 })
	d.stop(t)
	var stream string
	c.lambda.Put("tidy", lambdafake.Whole(func(e lambdafake.Event) (results []lambdafake.Result, err error) {
		stream = e.SourceKinesisStreamArn
		for _, r := range e.Records {
			results = append(results, r.Ok(bytes.ReplaceAll(r.Data, []byte("a"), []byte("b"))))
		}
		return results, nil
	}))
	if r := execute(t, env, "redrive"); r.code != 0 {
		t.Error(r)
	}
	if lines := c.lines(t, "clicks/"); len(lines) != 1 || lines[`{"b":1}`] != 1 {
		t.Errorf("lines are %v", lines)
	}
	if !strings.HasSuffix(stream, ":stream/clicks") {
		t.Errorf("the function is told of stream %q", stream)
	}
}
