package main

import (
	"fmt"
	"slices"
	"strings"

	"standpipe/config"
	"standpipe/partition"
	"standpipe/sink"
	"standpipe/sink/steps"
)

// finder is a step that knows the names of the partition keys that it finds. known is false where they depend on the record.
type finder interface {
	Keys() (names []string, known bool)
}

// keyOptions says how an output's prefix takes partition keys. What records hold must not lead into the journals, which are
// nobody else's, or among the error records, which are read back.
func keyOptions(cfg config.Config, o config.Output) (opts []partition.Option) {
	if o.PartitionValues == "hive" {
		opts = append(opts, partition.HiveValues())
	}
	var others []string
	if o.Bucket == cfg.Journal.Bucket {
		others = append(others, cfg.Journal.Prefix)
	}
	if o.Bucket == cfg.Errors.Bucket {
		text, _, _ := strings.Cut(cfg.Errors.Prefix, "!{")
		others = append(others, text)
	}
	return append(opts, partition.OutOf(others...))
}

// checkKeys compares the partition keys of the prefixes with those that steps find. Firehose wants each to be used; here
// one that is not is a doubt.
func checkKeys(cfg config.Config, p *pipeline, problems, doubts *config.Problems) {
	used := map[partition.Key]bool{}
	for i, out := range p.outputs {
		if out.Prefix == nil {
			continue
		}
		for _, k := range out.Prefix.Keys() {
			used[k] = true
			if why := notFound(cfg, p.steps, k); why != "" {
				problems.Add(fmt.Sprintf("outputs[%d].prefix", i), why, "")
			}
		}
	}
	for i, s := range cfg.Steps {
		if s.Kind() != "partition_keys" {
			continue
		}
		field := fmt.Sprintf("steps[%d].partition_keys", i)
		names, known := keysOf(p.steps, s.Name)
		if !known && !slices.ContainsFunc(p.outputs, usesQuery) {
			doubts.Add(field, "finds keys for prefixes, but no prefix has a !{partitionKeyFromQuery:…}", "")
		}
		for _, name := range names {
			if k := (partition.Key{Source: partition.Query, Name: name}); !used[k] {
				doubts.Add(field, fmt.Sprintf("finds the key %s, but no prefix has %s", name, k), "")
			}
		}
	}
}

// notFound says why a record can have no value of a key, or nothing.
func notFound(cfg config.Config, list []steps.Step, k partition.Key) string {
	kind, advice := "partition_keys", fmt.Sprintf("add one, such as - partition_keys: '{%[1]s: .%[1]s}'", k.Name)
	if k.Source == partition.Lambda {
		kind, advice = "lambda", "add one whose function returns the key in metadata.partitionKeys"
	}
	var found []string
	some := false
	for _, s := range cfg.Steps {
		if s.Kind() != kind {
			continue
		}
		some = true
		names, known := keysOf(list, s.Name)
		if !known || slices.Contains(names, k.Name) {
			return ""
		}
		found = append(found, names...)
	}
	switch {
	case !some:
		return fmt.Sprintf("names %s, but steps has no %s: %s", k, kind, advice)
	case len(found) == 0:
		return fmt.Sprintf("names %s, but the %s of steps finds no key", k, kind)
	}
	return fmt.Sprintf("names %s, but the %s of steps finds %s only", k, kind, strings.Join(found, ", "))
}

func usesQuery(out *sink.Output) bool {
	return out.Prefix != nil && slices.ContainsFunc(out.Prefix.Keys(), func(k partition.Key) bool { return k.Source == partition.Query })
}

// keysOf gives the keys that a step finds, where they are known.
func keysOf(list []steps.Step, name string) ([]string, bool) {
	for _, s := range list {
		if f, ok := s.(finder); ok && s.Name() == name {
			return f.Keys()
		}
	}
	return nil, false
}
