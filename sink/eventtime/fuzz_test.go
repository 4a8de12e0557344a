package eventtime

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzPath checks that a plain path is one of gojq's too, and finds what gojq finds.
func FuzzPath(f *testing.F) {
	for _, path := range []string{".time", ".a.b[0]", `."a b"`, `.["x"]`, ".[0][1]", ".", `."\u0041"`, ".a.[1].b"} {
		for _, record := range []string{
			`{"time":1594000000,"a":{"b":[5]},"a b":"x","x":null}`, `[[1,2],3]`, `{"a":[1,{"b":2}],"a":[0,{"b":3}]}`, `"s"`, `null`,
			`{"A":1e5,"x":"\ud800","a":{"b":1.50}}`, `{"\u0061":{"b":[[]]}} trailing`, `{"a":`, "",
		} {
			f.Add(path, []byte(record))
		}
	}
	f.Fuzz(func(t *testing.T, path string, record []byte) {
		steps, plain := parseSteps(path)
		if !plain {
			return
		}
		p, err := compile(path)
		if err != nil {
			t.Fatalf("%q is plain, but gojq says: %v", path, err)
		}
		from, to, end, fault := scan(record, 0, steps)
		if fault != "" {
			return
		}
		if from > to || to > end || end > len(record) {
			t.Fatalf("%q in %q: %d, %d, %d", path, record, from, to, end)
		}
		found := record[from:to]
		if len(found) == 0 {
			found = []byte("null")
		}
		want, fault, notJSON := p.run(record[:end])
		if notJSON != "" {
			t.Fatalf("%q is JSON for a path, but not for a program: %s", record[:end], notJSON)
		}
		if strings.Contains(fault, "deep") || strings.Contains(fault, "more than") {
			return // a program's limits, which paths do not have
		}
		if fault != "" {
			if string(found) != "null" {
				t.Fatalf("%q in %q: %q, gojq says: %s", path, record, found, fault)
			}
			return
		}
		whole, err := compile(".")
		if err != nil {
			t.Fatal(err)
		}
		if string(found) == "null" && slices.ContainsFunc(steps, func(s step) bool { return s.index >= 0 }) && bytes.HasPrefix(want, []byte(`"`)) {
			return // a character of a string, which gojq has and jq has not
		}
		if got, _, _ := whole.run(found); !bytes.Equal(got, want) {
			t.Fatalf("%q in %q: %q, gojq has %q", path, record, got, want)
		}
	})
}

// FuzzFind checks that no record makes a Finder fail, and that what it finds lies within the bounds.
func FuzzFind(f *testing.F) {
	for _, record := range []string{
		`{"t":1594000000}`, `{"t":"2020-07-06T01:46:40Z"}`, `{"t":"28/Jul/2020:05:51:04 +0000"}`, `{"t":-1e-9}`, `{"t":"2020-07-06 24:00 +1800[x]"}`,
		`{"t":"\u0031"}`, `{"t":1.5e12}`, `{"t":"+99999999999999999999"}`, `{"t":"2024-03-31T02:30"}`, `{"t":[]}`,
	} {
		f.Add([]byte(record))
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		f.Fatal(err)
	}
	var finders []*Finder
	for _, n := range named {
		finders = append(finders, finder(f, settings{path: ".t", format: n.name, loc: berlin}))
	}
	finders = append(finders, finder(f, settings{path: ".t", format: "dd/MMM/yyyy:HH:mm:ss Z", loc: berlin}))
	f.Fuzz(func(t *testing.T, record []byte) {
		for _, f := range finders {
			got := f.Find(record, arrival)
			if y := got.Time.In(berlin).Year(); got.Reason == Usable && (y < 1 || y > 9998) {
				t.Fatalf("%q: %v", record, got.Time)
			}
			if got.Reason != Usable && len(got.Message()) > 600 {
				t.Fatalf("%q: %s", record, got.Message())
			}
		}
	})
}
