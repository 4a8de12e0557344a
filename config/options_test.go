package config

import (
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestEveryOptionIsDescribed(t *testing.T) {
	seen := make(map[string]bool)
	for _, o := range Options() {
		if o.Meaning == "" || o.Type == "" || o.Env == "" {
			t.Errorf("%s lacks its meaning, type or variable: %+v", o.Key, o)
		}
		if strings.ContainsAny(o.Meaning+o.Allowed, "`\n") {
			t.Errorf("%s has a backquote or newline, which flags would misread", o.Key)
		}
		if o.Key != strings.ToLower(o.Key) || seen[o.Key] || seen[o.Env] {
			t.Errorf("%s is not in lower case or not unique", o.Key)
		}
		seen[o.Key], seen[o.Env] = true, true
	}
	for _, key := range []string{"stream.poll_interval", "outputs[].time_zone", "kpl.out_of_range", "STANDPIPE_S3_KMS_KEY", "STANDPIPE_OUTPUTS_<n>_BUCKET"} {
		if !seen[key] {
			t.Errorf("%s is missing", key)
		}
	}
}

func TestDefaultsKeepTheirOwnLimits(t *testing.T) {
	c := Default()
	c.Outputs = []Output{DefaultOutput()}
	c.deriveCodecs()
	v := &validator{}
	v.limits(&c)
	if err := v.found.Err(); err != nil {
		t.Error(err)
	}
}

func TestDefaultsReadBack(t *testing.T) {
	c := Default()
	walk(reflect.ValueOf(&c).Elem(), "", func(key string, o Option, field reflect.Value) {
		before := field.Interface()
		if o.Type != "text" {
			if err := setText(field, o.Default); err != nil || field.Interface() != before {
				t.Errorf("%s: %s reads as %v (%v), want %v", key, o.Default, field, err, before)
			}
		}
	})
}

func TestMarkdownTableHasARowForEachOption(t *testing.T) {
	rows := strings.Split(strings.TrimSuffix(MarkdownTable(), "\n"), "\n")
	if len(rows) != len(Options())+2 {
		t.Fatalf("%d rows for %d options", len(rows), len(Options()))
	}
	for _, row := range rows {
		if n := strings.Count(strings.ReplaceAll(row, `\|`, ""), "|"); n != 5 {
			t.Errorf("%d bars in %s", n, row)
		}
	}
	want := "| `buffer.size` | `128MiB` | 1MiB to 5GiB | bytes before compression at which an object is full |"
	if !strings.Contains(MarkdownTable(), want+"\n") {
		t.Errorf("no row %s", want)
	}
}

func TestFlagsShowTypeLimitsAndDefault(t *testing.T) {
	fs := pflag.NewFlagSet("run", pflag.ContinueOnError)
	Flags(fs)
	usage := strings.Join(strings.Fields(fs.FlagUsages()), " ")
	for _, want := range []string{
		"--buffer.size size bytes before compression at which an object is full (1MiB to 5GiB) (default 128MiB)",
		"--leases.application text name that all workers of one pipeline share; object names begin with it (3 to 255 letters, digits, _ . or -) (default standpipe-<stream.name>)",
		"--s3.path_style put the bucket",
	} {
		if !strings.Contains(usage, want) {
			t.Errorf("no %q in %s", want, usage)
		}
	}
	if fs.Lookup("outputs[].bucket") != nil {
		t.Error("an output's key is a flag")
	}
}

func TestNearest(t *testing.T) {
	keys := []string{"name", "region", "bucket", "prefix", "poll_interval"}
	for text, want := range map[string]string{
		"prefx": "prefix", "PREFIX": "prefix", "pol_intervall": "poll_interval", "nam": "name",
		"x": "", "": "", "entirely_else": "", strings.Repeat("a", 1000): "",
	} {
		if got := nearest(text, keys); got != want {
			t.Errorf("nearest(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestValuesAreTakenByLoad: what shells offer for a key is a value that it has.
func TestValuesAreTakenByLoad(t *testing.T) {
	listed := 0
	for _, o := range Options() {
		for _, v := range o.Values() {
			if listed++; o.Type != "bool" && !strings.Contains(o.Allowed, v) {
				t.Errorf("%s: %q is not in %q", o.Key, v, o.Allowed)
			}
		}
	}
	if listed == 0 {
		t.Error("no key has values")
	}
}
