package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"standpipe/config"
)

func TestCheckSaysWhatWillBeDone(t *testing.T) {
	cfg, err := config.Load(config.Source{File: filepath.Join("..", "..", "testdata", "config", "good", "leading-slash.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Stream.Region = "eu-west-1"
	pipe, err := newPipeline(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := summarize(&b, "standpipe.yaml", cfg, pipe, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"OK: standpipe.yaml\n",
		"  stream   clicks in eu-west-1, from TRIM_HORIZON where there is no checkpoint\n",
		"  leases   DynamoDB table standpipe-clicks, shards of a dead worker are taken over after 30s\n",
		"  buffer   an object is full at 128MiB, a batch is committed when its oldest record is 5m old, 128MiB of memory\n",
		"  output   output-0: ndjson like s3://lake//raw2026/01/02/03/standpipe-clicks-2026-01-02-03-04-05-00000000-0000-0000-0000-000000000000-0.ndjson.gz\n",
		"  errors   like s3://lake/errors/processing-failed/year=2026/month=01/day=02/hour=03/standpipe-clicks-",
		"  journal  s3://lake/_standpipe/standpipe-clicks/\n",
		"  server   :8080 with the status page, /healthz, /readyz and /metrics\n",
		`warning: outputs[0].prefix: offset 0: "/" begins the keys`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
}

func TestCheckSaysHowRecordsAreFiled(t *testing.T) {
	t.Setenv("AWS_REGION", "eu-central-1")
	r := execute(t, nil, "check", "-c", filepath.Join("..", "..", "testdata", "config", "good", "event-time.yaml"))
	for _, want := range []string{
		"  times    output-0: by .requestTime, read as dd/MMM/yyyy:HH:mm:ss Z, at most 72h before, at most 5m after its arrival; else to the error output\n",
		"  times    output-1: by .detail.time // .time, a jq program that is run for each record, read as auto, however long before, at most 1h after its arrival; else by its arrival\n",
	} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in %s", want, r)
		}
	}
}

// TestCheckTakesGoodFiles runs check on every configuration that config takes for good.
func TestCheckTakesGoodFiles(t *testing.T) {
	t.Setenv("AWS_REGION", "eu-central-1")
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "config", "good", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		if r := execute(t, nil, "check", "-c", file); r.code != exitOK || !strings.HasPrefix(r.stdout, "OK: "+file) || r.stderr != "" {
			t.Errorf("%s: %s", file, r)
		}
	}
}

func TestFileIsNamedByTheEnvironment(t *testing.T) {
	file := write(t, "stream: {name: clicks, region: eu-west-1}\noutputs: [{bucket: lake}]\n")
	if r := execute(t, []string{"STANDPIPE_CONFIG=" + file}, "check", "--stream.name", "taps"); r.code != exitOK || !strings.Contains(r.stdout, "taps in") {
		t.Error(r)
	}
	if r := execute(t, nil, "check"); r.code != exitUsage || !strings.Contains(r.stderr, "standpipe: configuration: no file was named; name one with -c or STANDPIPE_CONFIG\n") {
		t.Error(r)
	}
	for _, given := range []string{"STANDPIPE_OUTPUTS_0_BUCKET=lake", "STANDPIPE_STRAEM_NAME=clicks"} {
		if r := execute(t, []string{given}, "check"); r.code != exitUsage || strings.Contains(r.stderr, "no file was named") || !strings.Contains(r.stderr, "stream.name: is required") {
			t.Errorf("%s: %s", given, r)
		}
	}
}

// TestCheckResolvesTheRegionAsRunDoes asks with the SDK's region, with none, and with every endpoint on this machine.
func TestCheckResolvesTheRegionAsRunDoes(t *testing.T) {
	file := write(t, "stream: {name: clicks}\noutputs: [{bucket: lake}]\n")
	want := "standpipe: no AWS region is set for Kinesis, DynamoDB and S3: set stream.region or AWS_REGION\n"
	for _, command := range []string{"check", "run"} {
		if r := execute(t, nil, command, "-c", file, "--server.listen", "off", "--log.level", "error"); r.code != exitUsage || r.stdout != "" || !strings.HasSuffix(r.stderr, want) {
			t.Errorf("%s: %s", command, r)
		}
	}
	t.Setenv("AWS_REGION", "eu-central-1")
	if r := execute(t, nil, "check", "-c", file); r.code != exitOK || !strings.Contains(r.stdout, "clicks in eu-central-1, from") {
		t.Error(r)
	}
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_ENDPOINT_URL", "http://localhost:4566")
	if r := execute(t, nil, "check", "-c", file); r.code != exitOK || !strings.Contains(r.stdout, "clicks in "+laptopRegion+", from") {
		t.Error(r)
	}
}

func TestMistypedCommandLines(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"rnu":                   `unknown command "rnu": did you mean run?`,
		"frobnicate":            "unknown command \"frobnicate\": see `standpipe --help`",
		"run --strem.name x":    "unknown flag: --strem.name: did you mean --stream.name?",
		"run -x":                "unknown shorthand flag: 'x' in -x: see `standpipe run --help`",
		"run --stream.name":     "flag needs an argument: --stream.name: see `standpipe run --help`",
		"run standpipe.yaml":    `run takes no argument (got "standpipe.yaml"): did you mean -c standpipe.yaml?`,
		"run nope":              "run takes no argument (got \"nope\"): see `standpipe run --help`",
		"verfy -c s.yaml":       `unknown command "verfy": did you mean verify?`,
		"verfy --config s.yaml": `unknown command "verfy": did you mean verify?`,
		"-c s.yaml":             "unknown shorthand flag: 'c' in -c: see `standpipe --help`",
		"run --region x":        "unknown flag: --region: did you mean --stream.region?",
		"run --interval 60s":    "unknown flag: --interval: did you mean --buffer.interval or --metrics.interval?",
		"cost --rec 300B":       "unknown flag: --rec: did you mean --record-size?",
		"cost --xy":             "unknown flag: --xy: see `standpipe cost --help`",
		"help nope":             "unknown command \"nope\": see `standpipe --help`",
		"help chekc":            `unknown command "chekc": did you mean check?`,
		"completion nope":       "unknown command \"nope\": see `standpipe completion --help`",
		"completion bahs":       `unknown command "bahs": did you mean bash?`,
		"completion bash x":     "bash takes no argument (got \"x\"): see `standpipe completion bash --help`",
		"health --url 10.0.0.1": `--url must be an http(s) URL such as http://127.0.0.1:8080/healthz (got "10.0.0.1")`,
	} {
		if r := execute(t, nil, strings.Fields(line)...); r.code != exitUsage || r.stderr != "standpipe: "+want+"\n" || r.stdout != "" {
			t.Errorf("%s: want %s\ngot %s", line, want, r)
		}
	}
}

func TestHealth(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		code   int
	}{
		"alive": {http.StatusOK, "ok\n", exitOK},
		"dead":  {http.StatusServiceUnavailable, "lease table not read for 2m0s\nmore\n", exitRuntime},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/healthz" {
				t.Errorf("asked for %s", r.URL.Path)
			}
			w.WriteHeader(tc.status)
			_, _ = fmt.Fprint(w, tc.body)
		}))
		listen := strings.TrimPrefix(srv.URL, "http://")
		r := execute(t, []string{"STANDPIPE_SERVER_LISTEN=" + listen}, "health")
		srv.Close()
		if lines := strings.Count(r.stdout+r.stderr, "\n"); r.code != tc.code || lines != 1 {
			t.Errorf("%s: %s", name, r)
		}
	}
	if r := execute(t, []string{"STANDPIPE_SERVER_LISTEN=off"}, "health"); r.code != exitUsage || !strings.Contains(r.stderr, "server.listen is off") {
		t.Error(r)
	}
}

// TestHealthSaysWhereItCanNotAsk: what is wrong with server.listen is said, all else is run's to say.
func TestHealthSaysWhereItCanNotAsk(t *testing.T) {
	bad := "server.listen: must be host:port such as :8080 or 127.0.0.1:8080, or off (got 8080, from "
	file := write(t, "buffer: {size: 1}\n")
	for name, tc := range map[string]struct {
		env, args []string
		code      int
		want      string
	}{
		"variable": {[]string{"STANDPIPE_SERVER_LISTEN=8080"}, nil, exitUsage, bad + "STANDPIPE_SERVER_LISTEN)"},
		"flag":     {nil, []string{"--server.listen", "8080"}, exitUsage, bad + "--server.listen)"},
		"no file":  {nil, []string{"-c", file + ".none"}, exitUsage, file + ".none: does not exist; correct the path or create the file"},
		"asked":    {nil, []string{"-c", file, "--server.listen", "127.0.0.1:1"}, exitRuntime, "http://127.0.0.1:1/healthz does not answer: connection refused: is `standpipe run` there? --server.listen or --url name another address"},
	} {
		if r := execute(t, tc.env, append([]string{"health"}, tc.args...)...); r.code != tc.code || r.stderr != "standpipe: "+tc.want+"\n" {
			t.Errorf("%s: %s", name, r)
		}
	}
}

func TestHelpShowsSwitchesPlainly(t *testing.T) {
	r := execute(t, nil, "demo", "--help")
	if r.code != exitOK || strings.Contains(r.stdout, "=true|false") || !strings.Contains(r.stdout, "\n      --crash  ") || !strings.Contains(r.stdout, "\n  -h, --help  ") {
		t.Error(r)
	}
	if short := execute(t, nil, "help", "demo"); short.stdout != r.stdout || short.code != exitOK {
		t.Errorf("help demo: %s", short)
	}
	own, keys, apart := strings.Cut(execute(t, nil, "verify", "--help").stdout, "\nKeys of the configuration, which beat variables and file:\n")
	if !apart || !strings.Contains(own, "\n      --deep  ") || strings.Contains(own, "--stream.name") || !strings.Contains(keys, "      --stream.name text  ") || strings.Contains(keys, "--deep") {
		t.Errorf("own flags:\n%s\nkeys:\n%s", own, keys)
	}
	for _, line := range []string{"completion", "help"} {
		if r := execute(t, nil, line); r.code != exitOK || !strings.Contains(r.stdout, "Available Commands:") {
			t.Errorf("%s: %s", line, r)
		}
	}
}

func TestLocalURL(t *testing.T) {
	for addr, want := range map[string]string{
		":8080": "http://127.0.0.1:8080/", "0.0.0.0:80": "http://127.0.0.1:80/", "[::]:80": "http://[::1]:80/", "10.1.2.3:80": "http://10.1.2.3:80/", "box:80": "http://box:80/",
	} {
		if got := localURL(addr); got != want {
			t.Errorf("localURL(%q) = %s, want %s", addr, got, want)
		}
	}
}

func TestVersion(t *testing.T) {
	if r := execute(t, nil, "version"); r.code != exitOK || !strings.HasPrefix(r.stdout, "standpipe ") || !strings.Contains(r.stdout, "go1.") {
		t.Error(r)
	}
	for _, flag := range []string{"--version", "-v"} {
		if r, want := execute(t, nil, flag), execute(t, nil, "version").stdout; r.code != exitOK || r.stdout != want {
			t.Errorf("%s: %s", flag, r)
		}
	}
	info := &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}, {Key: "vcs.time", Value: "2026-11-22T20:00:00Z"}}}
	info.Main.Version = "v1.2.3"
	if got := versionLine(info); !strings.HasPrefix(got, "v1.2.3, commit abc of 2026-11-22T20:00:00Z with changes, go") {
		t.Error(got)
	}
	if got := versionLine(nil); !strings.HasPrefix(got, "unknown, commit unknown, go") {
		t.Error(got)
	}
}

func TestLogFormats(t *testing.T) {
	var b bytes.Buffer
	log, err := newLogger(&b, config.Log{Level: "info", Format: "json"})
	if err != nil {
		t.Fatal(err)
	}
	log.Debug().Msg("hidden")
	log.Info().Str("stream", "clicks").Msg("reading")
	var line struct{ Level, Stream, Message, Time string }
	if err := json.Unmarshal(b.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, &b)
	}
	if _, err := time.Parse(time.RFC3339, line.Time); err != nil || line.Message != "reading" || line.Stream != "clicks" || line.Level != "info" {
		t.Errorf("got %+v, %v", line, err)
	}
	b.Reset()
	if log, err = newLogger(&b, config.Log{Level: "info", Format: "console"}); err != nil {
		t.Fatal(err)
	}
	log.Info().Str("stream", "clicks").Msg("reading")
	if got := b.String(); !strings.Contains(got, "INF reading stream=clicks\n") || strings.Contains(got, "\x1b") {
		t.Errorf("got %q", got)
	}
}
