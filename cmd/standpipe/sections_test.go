package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"standpipe/internal/faults"
)

// TestErrorsNameThePageThatHelps: the last line of an error is where the documentation tells of its keys, or of
// permissions. A mistyped flag and a missing bucket have none: their line says what to do.
func TestErrorsNameThePageThatHelps(t *testing.T) {
	c := newCloud(t)
	for name, tc := range map[string]struct {
		env  []string
		args string
		want string
	}{
		"a number":    {c.env("STANDPIPE_BUFFER_SIZE=1"), "check", "docs/configuration.md"},
		"no file":     {nil, "check", "docs/configuration.md"},
		"prefix":      {c.env("STANDPIPE_OUTPUTS_0_PREFIX=!{nope}/"), "check", "docs/prefixes.md"},
		"time zone":   {c.env("STANDPIPE_OUTPUTS_0_TIME_ZONE=Mars/Base"), "check", "docs/prefixes.md"},
		"step":        {c.env("STANDPIPE_STEPS_0_JQ=.|"), "check", "docs/steps.md"},
		"columns":     {c.env("STANDPIPE_OUTPUTS_0_FORMAT=parquet", "STANDPIPE_OUTPUTS_0_SCHEMA=x y z"), "check", "docs/parquet.md"},
		"role":        {c.env("STANDPIPE_OUTPUTS_0_ROLE_ARN=me"), "check", "docs/permissions.md"},
		"two":         {c.env("STANDPIPE_STREAM_NAME=?", "STANDPIPE_OUTPUTS_0_ROLE_ARN=me"), "check", "docs/configuration.md, docs/permissions.md"},
		"no bucket":   {c.env("STANDPIPE_OUTPUTS_0_BUCKET=pond"), "verify", ""},
		"flag":        {nil, "check --onlyne", ""},
		"another key": {nil, "run --strem.name x", ""},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), strings.Fields(tc.args), tc.env, &stdout, &stderr); code == exitOK {
			t.Errorf("%s: no error", name)
		}
		said, pages, _ := strings.Cut(stderr.String(), morePages)
		if !strings.HasPrefix(said, "standpipe: ") || strings.TrimSuffix(pages, "\n") != tc.want {
			t.Errorf("%s: want %q, got\n%s", name, tc.want, &stderr)
		}
	}
	c.s3.Control("HeadBucket", func(faults.Call, func()) error {
		return &faults.Error{Status: http.StatusForbidden, Code: "AccessDenied"}
	})
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"verify"}, c.env(), &stdout, &stderr); code != exitRuntime || !strings.HasSuffix(stderr.String(), "\n"+morePages+"docs/permissions.md\n") {
		t.Errorf("code %d\n%s", code, &stderr)
	}
}

// TestPagesThatErrorsNameExist, so that nobody is sent nowhere.
func TestPagesThatErrorsNameExist(t *testing.T) {
	named := []string{pageOf("stream.name")}
	for _, p := range pages {
		named = append(named, p.page)
	}
	for _, page := range named {
		if _, err := os.Stat(filepath.Join("..", "..", filepath.FromSlash(page))); err != nil {
			t.Error(err)
		}
	}
	for key, want := range map[string]string{
		"outputs[0].prefix": "docs/prefixes.md", "errors.prefix": "docs/prefixes.md", "outputs[3].parquet.sort_by": "docs/parquet.md", "steps[1].lambda.role_arn": "docs/permissions.md",
		"steps[1].jq": "docs/steps.md", "stream.name": "docs/configuration.md", "standpipe.yaml": "docs/configuration.md", "": "docs/configuration.md",
	} {
		if got := pageOf(key); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
}
