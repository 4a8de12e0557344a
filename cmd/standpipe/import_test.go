package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// firehoseSamples is the folder of package firehose's samples. The test then works in an empty one.
func firehoseSamples(t *testing.T) (folder string) {
	t.Helper()
	folder, err := filepath.Abs(filepath.Join("..", "..", "internal", "firehose", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	return folder
}

// TestImportedConfigurationIsChecked goes the way of docs/migration.md: import, check.
func TestImportedConfigurationIsChecked(t *testing.T) {
	samples := firehoseSamples(t)
	for _, c := range []struct {
		args []string
		code int
		want []string // in what check prints
	}{
		{[]string{filepath.Join(samples, "describe/metering.json")}, exitOK, []string{"access in ap-northeast-2", "data: ndjson like s3://metering/json-data/year=20"}},
		{[]string{filepath.Join(samples, "describe/metering.json"), "--trial", "standpipe-trial/"}, exitOK, []string{"from LATEST", "s3://metering/standpipe-trial/json-data/year=20", "like s3://metering/standpipe-trial/error/year=20", "table standpipe-access-logs-trial"}},
		{[]string{filepath.Join(samples, "describe/clicks.json")}, exitOK, []string{"clicks in ap-northeast-2", "data: ndjson like s3://click-lake/20", "like s3://click-lake/processing-failed/20"}},
		{[]string{filepath.Join(samples, "cloudformation/clicks.yaml"), "--set", "AWS::Region=eu-west-1", "--set", "AWS::AccountId=111122223333"}, exitOK, []string{"s3://111122223333-click-lake/clicks/20"}},
		{[]string{filepath.Join(samples, "cloudformation/clicks.yaml"), "--set", "AWS::Region=eu-west-1"}, exitPartial, []string{"s3://replace-aws-accountid-click-lake/clicks/20"}},
		{[]string{filepath.Join(samples, "terraform"), "--name", "clicks-dev-to-s3", "--set", "retries=3"}, exitUsage, nil},
		{[]string{filepath.Join(samples, "terraform"), "--name", "clicks-dev-to-s3"}, exitOK, []string{"s3://click-lake/clicks-dev/year=20"}},
	} {
		r := execute(t, nil, append([]string{"import", "--force", "-o", "standpipe.yaml"}, c.args...)...)
		if r.code != c.code {
			t.Errorf("%q: %s", c.args, r)
		}
		if c.want == nil {
			continue
		}
		if !strings.Contains(r.stdout, "\nThe same\n") || !strings.HasSuffix(r.stdout, "\nNext: `standpipe check -c standpipe.yaml`, then docs/migration.md.\n") {
			t.Errorf("%q: %s", c.args, r)
		}
		checked := execute(t, nil, "check", "-c", "standpipe.yaml")
		for _, want := range c.want {
			if checked.code != exitOK || !strings.Contains(checked.stdout, want) {
				t.Errorf("%q: no %q in %s", c.args, want, checked)
			}
		}
	}
}

func TestImportWritesOverNothing(t *testing.T) {
	samples := firehoseSamples(t)
	sample := filepath.Join(samples, "describe/clicks.json")
	if r := execute(t, nil, "import", sample, "-o", "a.yaml"); r.code != exitOK || r.stderr != "" {
		t.Error(r)
	}
	if err := os.WriteFile("a.yaml", []byte("mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := execute(t, nil, "import", sample, "-o", "a.yaml"); r.code != exitUsage || r.stderr != "standpipe: a.yaml is there already: name another file with -o, or add --force to write over it\n" || r.stdout != "" {
		t.Error(r)
	}
	if data, err := os.ReadFile("a.yaml"); string(data) != "mine\n" {
		t.Error(string(data), err)
	}
	if r := execute(t, nil, "import", sample, "-o", "a.yaml", "--force"); r.code != exitOK {
		t.Error(r)
	}
	first, err := os.ReadFile("a.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// Without -o it is on stdout, the report beside it.
	if r := execute(t, nil, "import", sample); r.code != exitOK || r.stdout != string(first) || !strings.Contains(r.stderr, "\nThe same\n") {
		t.Error(r)
	}
	if r := execute(t, nil, "import", sample, "-o", filepath.Join("none", "a.yaml")); r.code != exitRuntime || !strings.HasPrefix(r.stderr, "standpipe: write configuration: open none") {
		t.Error(r)
	}
}

func TestImportReadsStandardInput(t *testing.T) {
	samples := firehoseSamples(t)
	data, err := os.ReadFile(filepath.Join(samples, "describe/clicks.json"))
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if err := (importFlags{}).run([]string{"-"}, bytes.NewReader(data), &stdout, &stderr); err != nil || !strings.Contains(stdout.String(), "  application: clicks-to-s3 ") || !strings.Contains(stderr.String(), "(describe-delivery-stream, standard input)") {
		t.Error(err, stdout.String(), stderr.String())
	}
}

func TestImportSaysWhatIsWrong(t *testing.T) {
	samples := firehoseSamples(t)
	if err := os.MkdirAll("empty", 0o700); err != nil {
		t.Fatal(err)
	}
	sample, cdk := filepath.Join(samples, "describe/clicks.json"), filepath.Join(samples, "cloudformation/cdk.template.json")
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "import needs the file that describes the delivery stream, or - for standard input"},
		{[]string{"-", sample}, "standard input can not be mixed with files"},
		{[]string{sample, "--records", "xml"}, `--records must be json, text or raw (got "xml")`},
		{[]string{sample, "--trial", "x"}, `--trial must be a folder such as standpipe-trial/: plain text that ends in / (got "x")`},
		{[]string{sample, "--trial", "!{timestamp:yyyy}/"}, "--trial must be a folder"},
		{[]string{sample, "--set", "x"}, `--set must be NAME=VALUE (got "x")`},
		{[]string{sample, "--set", "x=1"}, "no delivery stream in it depends on x: "},
		{[]string{"none.json"}, "read none.json: no such file or directory"},
		{[]string{"empty"}, "read empty: the folder has neither .tf files nor CloudFormation templates in it"},
		{[]string{cdk}, cdk + ": there are 2 delivery streams: choose one with --name"},
		{[]string{sample, "--name", "x"}, sample + ": no delivery stream is called x; there are:"},
		{[]string{sample, "--backup"}, "delivery stream clicks-to-s3 keeps no backup of its source: leave --backup out"},
		{[]string{write(t, "hello")}, "it is none of these: "},
	} {
		if r := execute(t, nil, append([]string{"import"}, c.args...)...); r.code != exitUsage || r.stdout != "" || !strings.Contains(r.stderr, c.want) {
			t.Errorf("%q: no %q in %s", c.args, c.want, r)
		}
	}
	// What the CDK leaves behind is a folder.
	if r := execute(t, nil, "import", filepath.Dir(cdk), "--name", "legacy"); r.code != exitOK || !strings.Contains(r.stdout, "bucket: old-lake") {
		t.Error(r)
	}
}

// TestMigrationCommandLines: what docs/migration.md has people type is understood.
func TestMigrationCommandLines(t *testing.T) {
	seen := map[string]int{}
	for _, block := range samples(t, "docs/migration.md", "sh") {
		for line := range strings.Lines(block) {
			line, _, _ = strings.Cut(line, "#")
			_, call, ours := strings.Cut(line, "./standpipe ")
			if !ours {
				continue
			}
			words := strings.Fields(call)
			p := &program{}
			cmd, args, err := p.rootCommand().Find(words)
			if err != nil || cmd.Name() != words[0] {
				t.Errorf("%s: %v", line, err)
				continue
			}
			if err := cmd.ParseFlags(args); err != nil {
				t.Errorf("%s: %v", line, err)
			}
			if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
				t.Errorf("%s: %v", line, err)
			}
			seen[words[0]]++
		}
	}
	for _, command := range []string{"import", "check", "try", "run", "verify"} {
		if seen[command] == 0 {
			t.Errorf("no line with %s in %v", command, seen)
		}
	}
}
