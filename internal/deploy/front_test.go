package deploy

import (
	"bytes"
	"encoding/json"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// request is one to the API Gateway.
type request struct {
	Query map[string]string `json:"query"`
	Body  string            `json:"body"`
	Agent string            `json:"agent"`
}

// TestFrontMakesARecordOfARequest renders the template of Front=request by an implementation of Velocity in Python: the record
// has the members of the example's, the body's bytes as they came, and is JSON whatever parameters and user agents hold.
func TestFrontMakesARecordOfARequest(t *testing.T) {
	pythons, err := filepath.Glob(".cache/lint-*/bin/python")
	if err != nil || len(pythons) == 0 {
		t.Skip("Velocity is not installed: make deploy does that, where Python's registry answers")
	}
	integration := parse(t, map[string]string{"Front": "request", "StreamName": "clicks"}).made("ApiMethod")["Integration"].(map[string]any)
	requests := []request{
		{map[string]string{"param1": "value1", "path": "/items/323"}, `{"text":"hihi", "n": 1.10}`, "HTTPie/2.1.0"},
		{map[string]string{`it's "quoted"`: `a\b'c"`}, "", `Mozilla "5.0" \ it's`},
		{map[string]string{}, "no JSON", "curl"},
	}
	in, err := json.Marshal(map[string]any{"template": integration["RequestTemplates"].(map[string]any)["application/json"], "requests": requests})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), pythons[len(pythons)-1], "velocity.py")
	cmd.Stdin = bytes.NewReader(in)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &complaints)
	}
	var puts []string
	if err := json.Unmarshal(out, &puts); err != nil || len(puts) != len(requests) {
		t.Fatalf("%v in %s", err, out)
	}
	var example map[string]any
	sample, _, _ := strings.Cut(read(t, "examples/clicks/sample.ndjson"), "\n")
	if err := json.Unmarshal([]byte(sample), &example); err != nil {
		t.Fatal(err)
	}
	for i, r := range requests {
		var put struct {
			StreamName, PartitionKey string
			Data                     []byte
		}
		if err := json.Unmarshal([]byte(puts[i]), &put); err != nil || put.StreamName != "clicks" || put.PartitionKey != "acb1a6cb" {
			t.Fatalf("%v in %s", err, puts[i])
		}
		if r.Body == "no JSON" { // it goes to the error output whole, with the reason
			if json.Valid(put.Data) || !bytes.Contains(put.Data, []byte(`"body": no JSON,`)) {
				t.Errorf("got %s", put.Data)
			}
			continue
		}
		var record map[string]json.RawMessage
		if err := json.Unmarshal(put.Data, &record); err != nil {
			t.Fatalf("%v in %s", err, put.Data)
		}
		if has, should := slices.Sorted(maps.Keys(record)), slices.Sorted(maps.Keys(example)); !slices.Equal(has, should) {
			t.Errorf("the record has %v, the example's %v", has, should)
		}
		var params map[string]string
		var agent string
		if err := json.Unmarshal(record["params"], &params); err != nil || !maps.Equal(params, r.Query) {
			t.Errorf("params are %s, %v", record["params"], err)
		}
		if err := json.Unmarshal(record["user_agent"], &agent); err != nil || agent != r.Agent {
			t.Errorf("the agent is %s, %v", record["user_agent"], err)
		}
		if body := string(record["body"]); body != r.Body && (r.Body != "" || body != "null") {
			t.Errorf("the body is %s", body)
		}
		if bytes.ContainsAny(put.Data, "\n\r") {
			t.Errorf("the record has several lines: %q", put.Data)
		}
	}
}
