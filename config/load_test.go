package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

const minimal = "stream: {name: clicks}\noutputs: [{bucket: lake}]\n"

// write stores a configuration file and returns its path.
func write(t testing.TB, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "standpipe.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// flags parses arguments as a command would that has a flag of its own too.
func flags(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	fs := pflag.NewFlagSet("run", pflag.ContinueOnError)
	Flags(fs)
	fs.StringP("config", "c", "", "file")
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return fs
}

func TestMinimalFileGetsEveryDefault(t *testing.T) {
	got, err := Load(Source{File: write(t, minimal)})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Stream:  Stream{Name: "clicks", InitialPosition: "TRIM_HORIZON", PollInterval: Duration(time.Second)},
		Leases:  Leases{Application: "standpipe-clicks", Table: "standpipe-clicks", Failover: Duration(30 * time.Second)},
		Buffer:  Buffer{Size: 128 << 20, Interval: Duration(5 * time.Minute), Memory: 128 << 20},
		Outputs: []Output{{Name: "output-0", Bucket: "lake", PartitionValues: "plain", Format: "ndjson", Delimiter: "\n", Compression: "gzip", Timestamp: "arrival", TimestampFormat: "auto", TimestampOldest: Duration(168 * time.Hour), TimestampNewest: Duration(time.Hour), TimestampOtherwise: "arrival", TimeZone: "UTC", Validate: "json", Glue: DefaultOutput().Glue, Parquet: DefaultOutput().Parquet}},
		Errors:  Errors{Bucket: "lake", Prefix: Default().Errors.Prefix, Compression: "gzip"},
		Journal: Journal{Bucket: "lake", Prefix: "_standpipe/standpipe-clicks/"},
		KPL:     KPL{OutOfRange: "deliver"},
		Server:  Server{Listen: ":8080"},
		Metrics: Metrics{Interval: Duration(time.Minute)},
		Log:     Log{Level: "info", Format: "json"},
	}
	got.origins = nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestFlagBeatsEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	file := write(t, minimal+"buffer: {size: 2MiB, interval: 2m, memory: 64MiB}\n")
	env := []string{"STANDPIPE_BUFFER_SIZE=3MiB", "STANDPIPE_BUFFER_INTERVAL=3m", "STANDPIPE_LOG_LEVEL="}
	c, err := Load(Source{File: file, Env: env, Flags: flags(t, "--buffer.size=4MiB", "--s3.path_style", "-c", file)})
	if err != nil {
		t.Fatal(err)
	}
	want := Buffer{Size: 4 * MiB, Interval: Duration(3 * time.Minute), Memory: 64 * MiB}
	if c.Buffer != want {
		t.Errorf("buffer is %v, want %v", c.Buffer, want)
	}
	if c.Log.Level != "info" || !c.S3.PathStyle || c.Stream.PollInterval != Duration(time.Second) {
		t.Errorf("an empty variable, a flag without value or a default is lost: %+v", c)
	}
}

func TestFlagSetsTextToEmpty(t *testing.T) {
	c, err := Load(Source{File: write(t, minimal), Flags: flags(t, "--server.listen=")})
	if err != nil || c.Server.Listen != "" {
		t.Errorf("listen is %q, error %v; want no server", c.Server.Listen, err)
	}
}

func TestEnvironmentAloneIsEnough(t *testing.T) {
	c, err := Load(Source{Env: []string{
		"PATH=/bin",
		"STANDPIPE_CONFIG=",
		"STANDPIPE_STREAM_NAME=clicks",
		"STANDPIPE_LEASES_MAX_LEASES=7",
		"STANDPIPE_OUTPUTS_1_COMPRESSION_LEVEL=6",
		"STANDPIPE_OUTPUTS_1_BUCKET=pond",
		"STANDPIPE_OUTPUTS_0_BUCKET=lake",
		"STANDPIPE_OUTPUTS_0_PREFIX=raw/a=b/",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Outputs) != 2 || c.Outputs[0].Prefix != "raw/a=b/" || c.Outputs[1].Bucket != "pond" || c.Outputs[1].CompressionLevel != 6 || c.Leases.MaxLeases != 7 {
		t.Errorf("got %+v", c)
	}
}

func TestEnvironmentIsLaidOverOutputsOfTheFile(t *testing.T) {
	file := write(t, "stream: {name: clicks}\noutputs:\n  - {bucket: lake, prefix: raw/}\n  -\n")
	c, err := Load(Source{File: file, Env: []string{"STANDPIPE_OUTPUTS_0_BUCKET=pond", "STANDPIPE_OUTPUTS_1_BUCKET=sea"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Outputs) != 2 || c.Outputs[0].Bucket != "pond" || c.Outputs[0].Prefix != "raw/" || c.Outputs[1].Bucket != "sea" {
		t.Errorf("got %+v", c.Outputs)
	}
}

func TestKubernetesVariablesAreNotKeys(t *testing.T) {
	_, err := Load(Source{File: write(t, minimal), Env: []string{
		"STANDPIPE_CONFIG=/etc/standpipe.yaml",
		"STANDPIPE_SERVICE_HOST=10.0.0.1",
		"STANDPIPE_SERVICE_PORT=8080",
		"STANDPIPE_SERVICE_PORT_HTTP=8080",
		"STANDPIPE_PORT=tcp://10.0.0.1:8080",
		"STANDPIPE_PORT_8080_TCP_ADDR=10.0.0.1",
	}})
	if err != nil {
		t.Error(err)
	}
}

func TestProblemsNameTheirVariableOrFlag(t *testing.T) {
	for name, c := range map[string]struct {
		env  string
		args []string
		want string
	}{
		"unknown":        {env: "STANDPIPE_BUFER_SIZE=hunter2", want: "STANDPIPE_BUFER_SIZE: unknown environment variable; did you mean STANDPIPE_BUFFER_SIZE?"},
		"unknown output": {env: "STANDPIPE_OUTPUTS_0_BUKET=hunter2", want: "STANDPIPE_OUTPUTS_0_BUKET: unknown environment variable; did you mean STANDPIPE_OUTPUTS_0_BUCKET?"},
		"no number":      {env: "STANDPIPE_OUTPUTS_BUCKET=x", want: "STANDPIPE_OUTPUTS_BUCKET: unknown environment variable; did you mean STANDPIPE_OUTPUTS_0_BUCKET?"},
		"template":       {env: "STANDPIPE_OUTPUTS_<n>_BUCKET=x", want: "STANDPIPE_OUTPUTS_<n>_BUCKET: unknown environment variable; did you mean STANDPIPE_OUTPUTS_0_BUCKET?"},
		"far":            {env: "STANDPIPE_PORT=8080", want: "STANDPIPE_PORT: unknown environment variable; variables are named after keys, such as STANDPIPE_BUFFER_SIZE"},
		"gap":            {env: "STANDPIPE_OUTPUTS_2_BUCKET=x", want: "STANDPIPE_OUTPUTS_2_BUCKET: sets output 2, but output 1 is missing; outputs count from 0"},
		"value":          {env: "STANDPIPE_LEASES_MAX_LEASES=many", want: `leases.max_leases: must be a whole number (got "many", from STANDPIPE_LEASES_MAX_LEASES)`},
		"rule":           {env: "STANDPIPE_BUFFER_MEMORY=1MiB", want: `buffer.memory: must be at least 32MiB (got "1MiB", from STANDPIPE_BUFFER_MEMORY)`},
		"output rule":    {env: "STANDPIPE_OUTPUTS_0_FORMAT=csv", want: `outputs[0].format: must be ndjson, parquet or raw (got "csv", from STANDPIPE_OUTPUTS_0_FORMAT)`},
		"flag value":     {args: []string{"--buffer.interval=60"}, want: `buffer.interval: needs a unit (got 60, from --buffer.interval); write seconds like 300s, or 5m, or 1h30m`},
		"flag rule":      {args: []string{"--log.level", "LOUD"}, want: `log.level: must be trace, debug, info, warn or error (got "LOUD", from --log.level)`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(Source{File: write(t, minimal), Env: []string{c.env}, Flags: flags(t, c.args...)})
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestMissingFileSaysWhatToDo(t *testing.T) {
	_, err := Load(Source{File: "no-such.yaml"})
	want := "no-such.yaml: does not exist; correct the path or create the file"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestOthersAddTheirProblems walks the way of a command that checks prefixes
// itself: the Config comes with its problems, and what is added gets its line.
func TestOthersAddTheirProblems(t *testing.T) {
	c, err := Load(Source{File: write(t, "stream: {name: clicks}\noutputs:\n  - bucket: LAKE\n    prefix: a!{\n")})
	var ps Problems
	if !errors.As(err, &ps) || len(ps) != 1 {
		t.Fatalf("got %v, want one problem", err)
	}
	var found Problems
	if found.Err() != nil {
		t.Error("no problem is an error")
	}
	found.Add("outputs[0].prefix", "has an expression without an end", c.Outputs[0].Prefix)
	lines := strings.Split(append(ps, c.Locate(found)...).Error(), "\n")
	want := `outputs[0].prefix: has an expression without an end (got "a!{", line 4)`
	if len(lines) != 2 || lines[1] != want {
		t.Errorf("got %q, want %q as its second", lines, want)
	}
}

// TestEveryKeyIsReadFromEveryPlace sets each key to a value of its own, by the
// file, by a variable and by a flag, and looks for it in the Config.
func TestEveryKeyIsReadFromEveryPlace(t *testing.T) {
	values := map[string]string{"text": "some-text", "size": "77MiB", "duration": "7s", "number": "7", "bool": "true"}
	for _, o := range Options() {
		key, value := strings.Replace(o.Key, "[]", "[0]", 1), values[o.Type]
		section, last, _ := strings.Cut(o.Key, ".")
		yaml := section + ": {" + last + ": " + value + "}\n"
		list, entry := strings.CutSuffix(section, "[]")
		if entry {
			yaml = list + ": [{" + strings.Replace(last, ".", ": {", 1) + ": " + value + strings.Repeat("}", strings.Count(last, ".")) + "}]\n"
		}
		sources := map[string]Source{
			"file":        {File: write(t, yaml)},
			"environment": {Env: []string{strings.Replace(o.Env, "<n>", "0", 1) + "=" + value}},
		}
		if !entry {
			sources["flag"] = Source{Flags: flags(t, "--"+key+"="+value)}
		}
		for place, src := range sources {
			c, _ := Load(src)
			found := false
			walk(reflect.ValueOf(&c).Elem(), "", func(k string, _ Option, field reflect.Value) {
				if k == key {
					found = fmt.Sprint(field.Interface()) == value
				}
			})
			if !found {
				t.Errorf("%s by %s is lost", key, place)
			}
		}
	}
}

// TestPrefixesAreTakenAsTheyAre reads the access log, whose two prefixes
// come from a Firehose stream.
func TestPrefixesAreTakenAsTheyAre(t *testing.T) {
	c, err := Load(Source{File: filepath.Join("..", "testdata", "config", "good", "access-log.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	const date = "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"
	if c.Outputs[0].Prefix != "access-log/"+date || c.Errors.Prefix != "error/"+date+"!{firehose:error-output-type}" || c.Buffer.Size != 128*MB {
		t.Errorf("got %+v", c)
	}
}

func TestNameAndRegionComeFromTheARN(t *testing.T) {
	c, err := Load(Source{File: filepath.Join("..", "testdata", "config", "good", "stream-arn.yaml")})
	if err != nil || c.Stream.Name != "clicks" || c.Stream.Region != "eu-west-1" || c.Leases.Application != "standpipe-clicks" {
		t.Errorf("got %+v %+v, %v", c.Stream, c.Leases, err)
	}
}

// TestRolesOfErrorsAndJournal follow from the bucket.
func TestRolesOfErrorsAndJournal(t *testing.T) {
	const role, other = "arn:aws:iam::444455556666:role/x", "arn:aws:iam::444455556666:role/y"
	for name, tc := range map[string]struct {
		env             []string
		errors, journal Role
	}{
		"own bucket":            {nil, Role{}, Role{}},
		"an output's":           {[]string{"OUTPUTS_0_ROLE_ARN=" + role, "OUTPUTS_0_EXTERNAL_ID=id"}, Role{role, "id"}, Role{role, "id"}},
		"the second output's":   {[]string{"OUTPUTS_1_BUCKET=pond", "OUTPUTS_1_ROLE_ARN=" + role, "JOURNAL_BUCKET=pond"}, Role{}, Role{role, ""}},
		"journal as errors":     {[]string{"ERRORS_BUCKET=pond", "ERRORS_ROLE_ARN=" + role, "JOURNAL_BUCKET=pond"}, Role{role, ""}, Role{role, ""}},
		"errors as journal":     {[]string{"ERRORS_BUCKET=pond", "JOURNAL_ROLE_ARN=" + role, "JOURNAL_BUCKET=pond"}, Role{role, ""}, Role{role, ""}},
		"each its own":          {[]string{"ERRORS_BUCKET=pond", "ERRORS_ROLE_ARN=" + role, "JOURNAL_BUCKET=sump", "JOURNAL_ROLE_ARN=" + other}, Role{role, ""}, Role{other, ""}},
		"bucket of no output's": {[]string{"OUTPUTS_0_ROLE_ARN=" + role, "ERRORS_BUCKET=pond"}, Role{}, Role{role, ""}},
	} {
		env := []string{"STANDPIPE_STREAM_NAME=clicks", "STANDPIPE_OUTPUTS_0_BUCKET=lake", "STANDPIPE_OUTPUTS_0_PREFIX=a/"}
		for _, pair := range tc.env {
			env = append(env, "STANDPIPE_"+pair)
		}
		c, err := Load(Source{Env: env})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		uses := c.Buckets()
		if got := uses[len(uses)-2]; got.Section != "errors" || got.Role != tc.errors {
			t.Errorf("%s: errors %v", name, got)
		}
		if got := uses[len(uses)-1]; got.Section != "journal" || got.Role != tc.journal {
			t.Errorf("%s: journal %v", name, got)
		}
	}
}
