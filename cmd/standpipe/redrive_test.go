package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"standpipe/internal/unpack"
)

// errorRecord is one as Firehose writes it.
func errorRecord(data, code string, arrival time.Time) string {
	return fmt.Sprintf(`{"rawData":%q,"errorCode":%q,"errorMessage":"no","attemptsMade":4,"arrivalTimestamp":"%d","attemptEndingTimestamp":"1","lambdaArn":"arn"}`,
		base64.StdEncoding.EncodeToString([]byte(data)), code, arrival.UnixMilli())
}

// lay puts an object into the bucket.
func (c *cloud) lay(t *testing.T, key, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, c.s3URL+"/lake/"+key, strings.NewReader(body))
	must(t, err)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	must(t, resp.Body.Close())
	http.DefaultClient.CloseIdleConnections()
}

// linesUnder gives the lines of the objects below a prefix, sorted.
func (c *cloud) linesUnder(t *testing.T, prefix string) (all []string) {
	t.Helper()
	for _, o := range c.s3.Objects("lake") {
		if !strings.HasPrefix(o.Key, prefix) {
			continue
		}
		f, err := c.s3.Open("lake", o.Key)
		must(t, err)
		data, err := io.ReadAll(f)
		must(t, err)
		must(t, f.Close())
		text, err := unpack.Object(o.Key, data)
		must(t, err)
		all = append(all, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
	}
	slices.Sort(all)
	return all
}

// A user finds out what there is, redrives what is mended, in parts, and repeats it: each record is there once, under the
// hour of its arrival.
func TestRedriveCommand(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	env := c.env("STANDPIPE_OUTPUTS_0_PREFIX=clicks/!{timestamp:HH}/", "STANDPIPE_LEASES_FAILOVER=3s", "STANDPIPE_LOG_LEVEL=warn")
	ten, eleven := time.Date(2026, 1, 31, 10, 30, 0, 0, time.UTC), time.Date(2026, 1, 31, 11, 30, 0, 0, time.UTC)
	c.lay(t, "old/processing-failed/stream-1-a", errorRecord(`{"id":1}`, "Lambda.FunctionError", ten)+errorRecord(`{"id":2}`, "Lambda.FunctionError", eleven)+errorRecord(`{"id":3}`, "Lambda.JsonProcessingException", eleven))
	c.lay(t, "old/format-conversion-failed/stream-1-b", "{\"rawData\":\"secret\n"+errorRecord(`{"id":4}`, "DataFormatConversion.ParseError", eleven)+"\n")
	call := func(code int, args ...string) string {
		t.Helper()
		r := execute(t, env, append([]string{"redrive", "--from", "s3://lake/old/"}, args...)...)
		if r.code != code {
			t.Fatalf("redrive %v: %v", args, r)
		}
		return r.stdout + r.stderr
	}
	has := func(text string, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(text, w) {
				t.Errorf("%q is missing in:\n%s", w, text)
			}
		}
	}
	dry := call(3, "--dry-run")
	page, err := os.ReadFile("../../docs/redrive.md")
	must(t, err)
	if shown, _, _ := strings.Cut(dry, "standpipe: "); !strings.Contains(string(page), "```text\n"+shown+"```") {
		t.Errorf("docs/redrive.md does not show this:\n%s", shown)
	}
	has(dry, "processing-failed         Lambda.FunctionError             2026-01-31 11:00  1", "to be redriven  4 records of 2 objects under s3://lake/old/",
		"problem: s3://lake/old/format-conversion-failed/stream-1-b, line 1, byte 0: it is no JSON: control character in a string at byte 18", "Nothing was written")
	if strings.Contains(dry, "secret") || len(c.linesUnder(t, "clicks/")) > 0 || len(c.dynamo.Dump("standpipe-clicks")) > 0 {
		t.Errorf("a dry run has written something: %s", dry)
	}
	has(call(3, "--until", "2026-01-31T11:00:00Z"), "redriven  1 record of", "left out  3 records by the filters", "DONE IN PART")
	has(call(3, "--type", "processing-failed", "--code", "lambda.functionerror"), "redriven         1 record of", "redriven before  1 record")
	if done := call(0, "--list-done"); done != "" {
		t.Errorf("done: %s", done)
	}
	var report struct {
		Records, Before, Broken int64
		Problems                []struct{ Line int64 }
	}
	r := execute(t, env, "redrive", "--from", "s3://lake/old/", "--json")
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || r.code != 3 || report.Records != 2 || report.Before != 2 || report.Broken != 1 || report.Problems[0].Line != 1 {
		t.Errorf("%v %v", err, r)
	}
	has(call(3), "redriven         0 records", "DONE IN PART")
	if done := call(0, "--list-done"); done != "s3://lake/old/processing-failed/stream-1-a\n" {
		t.Errorf("done: %s", done)
	}
	if got := c.linesUnder(t, "clicks/"); !slices.Equal(got, []string{`{"id":1}`, `{"id":2}`, `{"id":3}`, `{"id":4}`}) {
		t.Errorf("delivered: %q", got)
	}
	if got := c.linesUnder(t, "clicks/10/"); !slices.Equal(got, []string{`{"id":1}`}) {
		t.Errorf("of 10 o'clock: %q", got)
	}
	if r := execute(t, env, "verify", "--deep"); r.code != 0 || !strings.Contains(r.stdout, "standpipe#redrive") {
		t.Errorf("verify: %v", r)
	}
	if r := execute(t, env, "clean"); r.code != 1 && r.code != 0 {
		t.Errorf("clean: %v", r)
	}
	c.lay(t, "old/processing-failed/stream-1-a", errorRecord(`{"id":1}`, "Lambda.FunctionError", ten)+" ")
	has(call(3), "stream-1-a: it was changed after records of it were redriven")
	for _, o := range c.s3.Objects("lake") { // the memory is lost
		if strings.Contains(o.Key, "/redriven/") {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, c.s3URL+"/lake/"+o.Key, nil)
			must(t, err)
			resp, err := http.DefaultClient.Do(req)
			must(t, err)
			must(t, resp.Body.Close())
		}
	}
	http.DefaultClient.CloseIdleConnections()
	has(call(3), "nobody knows whether it was redriven")
	has(call(3, "--memory-lost"), "redriven  2 records")
}

// Beside a worker, the error prefix of the configuration is read: its own error records, for the output that they name.
func TestRedriveOfOwnErrors(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	env := c.env("STANDPIPE_ERRORS_PREFIX=!{firehose:error-output-type}/", "STANDPIPE_OUTPUTS_1_BUCKET=lake", "STANDPIPE_OUTPUTS_1_PREFIX=rows/", "STANDPIPE_LOG_LEVEL=warn")
	at := time.Now()
	const name = "/standpipe-clicks-2026-01-02-03-04-05-019c1402-8d3e-7c11-9a4e-5b0f2d6c7e81-0.ndjson"
	c.lay(t, "processing-failed"+strings.Replace(name, "standpipe-clicks", "standpipe-others", 1), errorRecord(`{"id":7}`, "NotMine", at)) // another application's
	c.lay(t, "clicks/processing-failed"+name, errorRecord(`{"id":9}`, "NotMine", at))                                                      // below an output's prefix
	c.lay(t, "other"+name, errorRecord(`{"id":8}`, "NotMine", at))
	whole := errorRecord(`{"id":1}`, "Standpipe.NotJSON", at)
	c.lay(t, "processing-failed"+name, whole[:len(whole)-1]+`,"output":"output-1"}`+"\n"+whole[:len(whole)-1]+`,"output":"gone"}`+"\n"+whole[:len(whole)-1]+`,"rawDataAfter":"gone"}`+"\n")
	r := execute(t, env, "redrive")
	if r.code != 3 || !strings.Contains(r.stdout, "line 2, byte ") || !strings.Contains(r.stdout, "it is for output gone, and the configuration has no output of that name") ||
		!strings.Contains(r.stdout, "it is to enter behind step gone, and the configuration has no step of that name: name the step that it may enter behind with --enter-after, or use --enter-at-start") {
		t.Errorf("%v", r)
	}
	if got := c.linesUnder(t, "rows/"); !slices.Equal(got, []string{`{"id":1}`}) || len(c.linesUnder(t, "clicks/standpipe")) > 0 {
		t.Errorf("delivered: %q, and %q", got, c.linesUnder(t, "clicks/"))
	}
	if r := execute(t, env, "redrive", "--enter-at-start"); r.code != 3 || !strings.Contains(r.stdout, "redriven         1 record of 1 object under s3://lake/") {
		t.Errorf("%v", r)
	}
}

func TestRedriveUsage(t *testing.T) {
	c := newCloud(t)
	for args, want := range map[string]string{
		"--from lake/errors":                    `--from must be an address such as s3://bucket/prefix/ (got "lake/errors")`,
		"--type failed":                         `--type must be one of processing-failed, format-conversion-failed, metadata-extraction-failed, decompression-failed, activePartitionExceeded (got "failed")`,
		"--since yesterday":                     `--since must be a time such as`,
		"--since 2026-02-01 --until 2026-01-01": "--since must be before --until",
		"--enter-after x --enter-at-start":      "--enter-after and --enter-at-start exclude each other",
		"now":                                   "redrive takes no argument",
		"--from s3://nowhere/x":                 "bucket nowhere does not exist",
	} {
		r := execute(t, c.env(), append([]string{"redrive"}, strings.Fields(args)...)...)
		if r.code == 0 || !strings.Contains(r.stderr, want) {
			t.Errorf("%s: %v", args, r)
		}
	}
}
