package emf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// unit matches what the specification's schema lets a unit be.
var unit = regexp.MustCompile(`^(Seconds|Microseconds|Milliseconds|(Kilo|Mega|Giga|Tera)?[bB]ytes|(Kilo|Mega|Giga|Tera)?[bB]its|Percent|Count|Count/Second|None|((Kilo|Mega|Giga|Tera)?[bB](ytes|its))/Second)$`)

// check holds a line to the specification's schema and to its sentences beside it: an object and nothing around it, its
// targets at the root, numbers as values, at most 1 MB, 100 metrics and 30 dimensions.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func check(line []byte) (map[string]any, error) {
	if len(line) > 1<<20 {
		return nil, fmt.Errorf("%d bytes", len(line))
	}
	if !bytes.HasPrefix(line, []byte("{")) || !bytes.HasSuffix(line, []byte("}\n")) || bytes.Count(line, []byte("\n")) != 1 {
		return nil, fmt.Errorf("not an object on one line: %q", line)
	}
	var root map[string]any
	if err := json.Unmarshal(line, &root); err != nil {
		return nil, err
	}
	text, err := json.Marshal(root["_aws"])
	if err != nil {
		return nil, err
	}
	var about struct {
		Timestamp         *int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct {
				Name, Unit        string
				StorageResolution int
			}
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&about); err != nil {
		return nil, fmt.Errorf("_aws: %w", err)
	}
	if about.Timestamp == nil || *about.Timestamp <= 0 || len(about.CloudWatchMetrics) == 0 {
		return nil, fmt.Errorf("_aws is %s", text)
	}
	for _, d := range about.CloudWatchMetrics {
		if n := len(d.Namespace); n < 1 || n > 1024 || strings.HasPrefix(d.Namespace, "AWS/") {
			return nil, fmt.Errorf("namespace %q", d.Namespace)
		}
		if len(d.Dimensions) == 0 || len(d.Metrics) > 100 || len(d.Metrics) == 0 {
			return nil, fmt.Errorf("%d sets of dimensions, %d metrics", len(d.Dimensions), len(d.Metrics))
		}
		for _, set := range d.Dimensions {
			if len(set) < 1 || len(set) > 30 {
				return nil, fmt.Errorf("%d dimensions", len(set))
			}
			for _, name := range set {
				if v, ok := root[name].(string); !ok || v == "" || len(v) > 1024 || len(name) > 250 || strings.HasPrefix(name, ":") {
					return nil, fmt.Errorf("dimension %q is %v", name, root[name])
				}
			}
		}
		seen := map[string]bool{}
		for _, m := range d.Metrics {
			_, number := root[m.Name].(float64)
			if n := len(m.Name); n < 1 || n > 1024 || !number || !unit.MatchString(m.Unit) || seen[m.Name] {
				return nil, fmt.Errorf("metric %q in %q is %v", m.Name, m.Unit, root[m.Name])
			}
			seen[m.Name] = true
		}
	}
	return root, nil
}

// TestCheckRefuses: the check above is not one that everything passes.
func TestCheckRefuses(t *testing.T) {
	const good = `{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[["D"]],"Metrics":[{"Name":"M","Unit":"Count"}]}]},"D":"d","M":1}` + "\n"
	if _, err := check([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"\n", ""}, {"{\"_aws", "x{\"_aws"}, {`"Timestamp":1,`, ""}, {`"Timestamp":1`, `"Timestamp":1.5`}, {`"N"`, `""`}, {`"N"`, `"AWS/Firehose"`}, {`[["D"]]`, `[]`}, {`[["D"]]`, `[[]]`},
		{`"D":"d"`, `"D":1`}, {`"D":"d"`, `"E":"d"`}, {`"D":"d"`, `"D":""`}, {`"M":1`, `"M":"1"`}, {`,"M":1`, ``}, {`"Count"`, `"Counts"`}, {`"Unit"`, `"Units"`},
		{`{"Name":"M","Unit":"Count"}`, `{"Name":"M","Unit":"Count"},{"Name":"M","Unit":"Count"}`}, {`{"Name":"M","Unit":"Count"}`, ``},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%q changes nothing", change)
		}
		if _, err := check([]byte(bad)); err == nil {
			t.Errorf("passes: %s", bad)
		}
	}
}
