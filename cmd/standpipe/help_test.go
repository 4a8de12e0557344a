package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"standpipe/config"
)

// examples are the lines in a command's help that call the program: arguments and variables, without comment, redirection
// and what stands before or behind a pipe.
func examples(t *testing.T, cmd *cobra.Command) (lines []exampleLine) {
	t.Helper()
	for line := range strings.Lines(cmd.Example) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
		found := false
		for part := range strings.SplitSeq(line, " | ") {
			part, _, _ = strings.Cut(part, " > ")
			words := strings.Fields(strings.NewReplacer("source <(", "", ")", "").Replace(part))
			at := slices.Index(words, "standpipe")
			if at < 0 {
				continue
			}
			found = true
			lines = append(lines, exampleLine{line, words[:at], words[at+1:]})
		}
		if !found {
			t.Errorf("%s: an example does not call standpipe: %s", cmd.CommandPath(), line)
		}
	}
	return lines
}

type exampleLine struct {
	text      string
	env, args []string
}

// everyCommand is the root and all below it.
func everyCommand(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		all = append(all, everyCommand(c)...)
	}
	return all
}

// TestEveryCommandHasExamplesThatWork runs each example of each command's help, in a folder with the files that they
// name and against AWS on this machine. Those of demo take longer, and import's of stdin
// would find nothing there; these are read only. What there is to find in that world
// is not the examples' matter: they must be command lines that are understood, and stop when told to.
func TestEveryCommandHasExamplesThatWork(t *testing.T) {
	c := newCloud(t)
	testdata, err := filepath.Abs(filepath.Join("..", "..", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	p := &program{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}
	root := p.rootCommand()
	root.InitDefaultHelpCmd()
	for _, cmd := range everyCommand(root) {
		lines := examples(t, cmd)
		if len(lines) == 0 {
			t.Errorf("%s has no example in its help", cmd.CommandPath())
		}
		for _, line := range lines {
			t.Run(line.text, func(t *testing.T) {
				if called, rest, err := root.Find(line.args); err != nil || cmd != root && called != cmd && called.Parent() != cmd || called == root && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
					t.Fatalf("an example of %s calls %v: %v", cmd.CommandPath(), called.CommandPath(), err)
				}
				if slices.Contains(line.args, "demo") || line.args[0] == "import" && slices.Contains(line.args, "-") { // nothing is on stdin
					readOnly(t, line.args)
					return
				}
				t.Chdir(exampleFolder(t, testdata, line.args[0] != "import")) // which makes it
				ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
				defer cancel()
				var stdout, stderr bytes.Buffer
				began := time.Now()
				if code := run(ctx, line.args, c.env(line.env...), &stdout, &stderr); code == exitUsage {
					t.Errorf("is not understood: %s", &stderr)
				}
				if took := time.Since(began); took > 15*time.Second {
					t.Errorf("takes %v", took)
				}
			})
		}
	}
}

// TestCompletion: each shell gets a script, and is told the commands, the flags and the values that there are.
func TestCompletion(t *testing.T) {
	for shell, want := range map[string]string{"bash": "complete -o default -F __start_standpipe standpipe", "zsh": "#compdef standpipe", "fish": "complete -c standpipe", "powershell": "Register-ArgumentCompleter"} {
		if r := execute(t, nil, "completion", shell); r.code != exitOK || r.stderr != "" || !strings.Contains(r.stdout, want) {
			t.Errorf("%s: no %q in %.300s", shell, want, r)
		}
	}
	for line, want := range map[string]string{
		"ver":                      "verify\t",
		"help che":                 "check\t",
		"run --buffer.in":          "--buffer.interval\t",
		"run --log.format ":        "console\n",
		"run --stream.name ":       ":4\n", // and no file
		"cost --sou":               "--source\t",
		"cost --source ":           "access-logs\n",
		"cost --compute ":          "fargate\n",
		"cost --network ":          "public-ip\n",
		"cost --format ":           "parquet\n",
		"ddl --engine ":            "duckdb\n",
		"demo --format ":           "parquet\n",
		"import --records ":        "json\n",
		"run --buffer.interval 5m": ":4\n",
	} {
		args := append([]string{"__complete"}, strings.Split(line, " ")...)
		if r := execute(t, nil, args...); r.code != exitOK || !strings.Contains(r.stdout, want) {
			t.Errorf("%q: no %q in %s", line, want, r)
		}
	}
}

// TestColoursAreForTerminals alone, and not for those that ask for none.
func TestColoursAreForTerminals(t *testing.T) {
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device, as terminals are
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = device.Close() }()
	for term, want := range map[string]bool{"xterm-256color": true, "dumb": false} {
		if t.Setenv("TERM", term); terminal(device) != want {
			t.Errorf("TERM=%s: terminal is %v", term, !want)
		}
	}
	for none, want := range map[string]bool{"": true, "1": false} {
		for _, on := range []bool{true, false} {
			t.Setenv("NO_COLOR", none)
			var out bytes.Buffer
			log, err := newLogger(&screen{w: &out, terminal: on}, config.Log{Level: "info", Format: "console"})
			if err != nil {
				t.Fatal(err)
			}
			if log.Info().Msg("reading"); strings.Contains(out.String(), "\x1b[3") != (want && on) || !strings.Contains(out.String(), "reading") {
				t.Errorf("NO_COLOR=%q, terminal %v: %q", none, on, &out)
			}
		}
	}
}

// readOnly parses a command line.
func readOnly(t *testing.T, args []string) {
	t.Helper()
	p := &program{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}
	cmd, rest, err := p.rootCommand().Find(args)
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err == nil {
		err = cmd.ValidateArgs(cmd.Flags().Args())
	}
	if err != nil {
		t.Error(err)
	}
}

// exampleFolder has the files that examples name.
func exampleFolder(t *testing.T, testdata string, configured bool) string {
	t.Helper()
	dir := t.TempDir()
	put := func(name string, text []byte) {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.ReadFile(filepath.Join(testdata, "access-log.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	_, _ = zw.Write(log)
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	put("access-log.ndjson.gz", packed.Bytes())
	put("sample.ndjson", log)
	if configured {
		put("standpipe.yaml", []byte("stream: {name: clicks, region: eu-west-1}\noutputs:\n  - {name: raw, bucket: lake, prefix: clicks/}\n  - {name: table, bucket: lake, prefix: table/, format: parquet, schema: \"request_id string from requestId\"}\n"))
	}
	for name, from := range map[string]string{"template.yaml": "cloudformation/clicks.yaml", "describe.json": "describe/clicks.json", "infrastructure/main.tf": "terraform/clicks.tf"} {
		text, err := os.ReadFile(filepath.Join(testdata, "..", "internal", "firehose", "testdata", filepath.FromSlash(from)))
		if err != nil {
			t.Fatal(err)
		}
		put(name, bytes.ReplaceAll(text, []byte(`"${local.name}-to-s3"`), []byte(`"clicks-to-s3"`)))
	}
	put("prices.yaml", []byte("region: eu-west-1\n"))
	return dir
}

// TestHelpFitsTheWindow: a description stands beside its flag, and below itself.
func TestHelpFitsTheWindow(t *testing.T) {
	t.Parallel()
	for width, longest := range map[int]int{0: 200, 80: 80} {
		var out bytes.Buffer
		cmd := &cobra.Command{Use: "x", Run: func(*cobra.Command, []string) {}}
		cmd.SetOut(&out)
		cmd.Flags().Bool("own", false, strings.Repeat("long ", 30)+"end")
		cmd.Flags().String("some.key", "", strings.Repeat("long ", 30)+"end")
		plainUsage(cmd, width)
		if err := cmd.Usage(); err != nil {
			t.Fatal(err)
		}
		most := 0
		for line := range strings.Lines(out.String()) {
			most = max(most, len(strings.TrimSpace(line)))
		}
		if strings.Count(out.String(), "end") != 2 || most > longest || width == 0 && most < 150 {
			t.Errorf("%d columns:\n%s", width, &out)
		}
	}
}
