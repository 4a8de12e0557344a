package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"standpipe/config"
	"standpipe/partition"
	"standpipe/sink"
	"standpipe/sink/steps"
)

// finds is a step that finds these keys, or nobody knows which.
type finds struct {
	name  string
	names []string
	known bool
}

func (f finds) Name() string           { return f.name }
func (f finds) Keys() ([]string, bool) { return f.names, f.known }

func keyedOutput(t *testing.T, expr string) *sink.Output {
	t.Helper()
	p, err := partition.Parse(expr, partition.Data, partition.WithKeys())
	if err != nil {
		t.Fatal(err)
	}
	return &sink.Output{Prefix: p}
}

func TestKeysOfPrefixesAreThoseThatStepsFind(t *testing.T) {
	const customer, device, result = "!{partitionKeyFromQuery:customer}/", "!{partitionKeyFromQuery:device}/", "!{partitionKeyFromLambda:result}/"
	query := func(name string) config.Step { return config.Step{Name: name, PartitionKeys: "{}"} }
	lambda := config.Step{Name: "lambda", Lambda: config.Lambda{Function: "f"}}
	both := finds{"q", []string{"customer", "device"}, true}
	for _, c := range []struct {
		name     string
		steps    []config.Step
		list     []steps.Step
		prefixes []string
		bad, odd string // what is said, with " | " between sentences
	}{
		{name: "all are found", steps: []config.Step{query("q")}, list: []steps.Step{both}, prefixes: []string{customer, device}},
		{name: "no step", prefixes: []string{customer}, bad: "outputs[0].prefix: names !{partitionKeyFromQuery:customer}, but steps has no partition_keys: add one, such as - partition_keys: '{customer: .customer}'"},
		{name: "no function", steps: []config.Step{query("q")}, list: []steps.Step{both}, prefixes: []string{customer + device + result},
			bad: "outputs[0].prefix: names !{partitionKeyFromLambda:result}, but steps has no lambda: add one whose function returns the key in metadata.partitionKeys"},
		{name: "a function may return any key", steps: []config.Step{lambda}, prefixes: []string{result}},
		{name: "unknown key", steps: []config.Step{query("q")}, list: []steps.Step{both}, prefixes: []string{"x/", customer + device + "!{partitionKeyFromQuery:Customer}/"},
			bad: "outputs[1].prefix: names !{partitionKeyFromQuery:Customer}, but the partition_keys of steps finds customer, device only"},
		{name: "key of the other source", steps: []config.Step{query("q"), lambda}, list: []steps.Step{both}, prefixes: []string{customer + device + "!{partitionKeyFromQuery:result}/"},
			bad: "outputs[0].prefix: names !{partitionKeyFromQuery:result}, but the partition_keys of steps finds customer, device only"},
		{name: "no key", steps: []config.Step{query("q")}, list: []steps.Step{finds{"q", nil, true}}, prefixes: []string{customer},
			bad: "outputs[0].prefix: names !{partitionKeyFromQuery:customer}, but the partition_keys of steps finds no key"},
		{name: "unused key", steps: []config.Step{query("q")}, list: []steps.Step{both}, prefixes: []string{customer},
			odd: "steps[0].partition_keys: finds the key device, but no prefix has !{partitionKeyFromQuery:device}"},
		{name: "used by another output", steps: []config.Step{query("q")}, list: []steps.Step{both}, prefixes: []string{customer, "y/", device}},
		{name: "keys that depend on the record", steps: []config.Step{query("q")}, list: []steps.Step{finds{"q", nil, false}}, prefixes: []string{customer}},
		{name: "none is used", steps: []config.Step{query("q")}, list: []steps.Step{finds{"q", nil, false}}, prefixes: []string{"x/"},
			odd: "steps[0].partition_keys: finds keys for prefixes, but no prefix has a !{partitionKeyFromQuery:…}"},
		{name: "two steps", steps: []config.Step{query("q"), query("q-2")}, list: []steps.Step{both, finds{"q-2", []string{"zone"}, true}}, prefixes: []string{customer + device + "!{partitionKeyFromQuery:zone}/"}},
	} {
		p := &pipeline{steps: c.list}
		for _, expr := range c.prefixes {
			p.outputs = append(p.outputs, keyedOutput(t, expr))
		}
		var problems, doubts config.Problems
		checkKeys(config.Config{Steps: c.steps}, p, &problems, &doubts)
		if got := sentences(problems); got != c.bad {
			t.Errorf("%s: problems %q, want %q", c.name, got, c.bad)
		}
		if got := sentences(doubts); got != c.odd {
			t.Errorf("%s: doubts %q, want %q", c.name, got, c.odd)
		}
	}
}

func sentences(ps config.Problems) string {
	var all []string
	for _, p := range ps {
		all = append(all, p.String())
	}
	return strings.Join(all, " | ")
}

// What records hold must not lead into the journals or the error records of the same bucket.
func TestKeysStayOutOfOtherPlaces(t *testing.T) {
	cfg := config.Config{Journal: config.Journal{Bucket: "lake", Prefix: "_standpipe/app/"}, Errors: config.Errors{Bucket: "lake", Prefix: "errors/!{firehose:error-output-type}/"}}
	for _, c := range []struct {
		bucket, values, value string
		refused               bool
	}{
		{"lake", "plain", "_standpipe/app/2026", true}, {"lake", "plain", "errors/x", true}, {"lake", "plain", "a/errors/x", false},
		{"lake", "hive", "_standpipe/app/2026", false}, {"lake", "hive", "errors", true}, {"other", "plain", "errors/x", false},
	} {
		p, err := partition.Parse("!{partitionKeyFromQuery:k}/", partition.Data, append(keyOptions(cfg, config.Output{Bucket: c.bucket, PartitionValues: c.values}), partition.WithKeys())...)
		if err != nil {
			t.Fatal(err)
		}
		path, err := p.KeyedPath(time.Time{}, []string{c.value})
		var bad *partition.KeyError
		if errors.As(err, &bad) != c.refused || strings.Contains(path, "%2F") != (c.values == "hive" && strings.Contains(c.value, "/")) {
			t.Errorf("%s in %s, %s: %q, %v", c.value, c.bucket, c.values, path, err)
		}
	}
}
