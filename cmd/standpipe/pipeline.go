package main

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"standpipe/config"
	"standpipe/internal/tables"
	"standpipe/partition"
	"standpipe/sink"
	"standpipe/sink/parquet"
	"standpipe/sink/steps"
)

// maxKeyBytes is how long the key of an S3 object may be.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
const maxKeyBytes = 1024

// moreDigits are those that the number of an object in its batch may have beside the first.
const moreDigits = 6

// pipeline is a configuration's steps, and its outputs with their prefixes and schemas parsed.
type pipeline struct {
	steps    []steps.Step
	outputs  []*sink.Output
	schemas  []*parquet.Schema // of the outputs, nil where there is none
	errors   *sink.Output
	warnings []string // sentences of config and partition
}

// newPipeline parses the programs, prefixes and schemas of a loaded configuration. Its error is a config.Problems.
func newPipeline(cfg config.Config) (*pipeline, error) {
	var problems, doubts config.Problems
	p := &pipeline{warnings: cfg.Warnings()}
	p.steps = newSteps(cfg, &problems)
	add := func(field, expr string, kind partition.Kind, out *sink.Output, opts ...partition.Option) {
		name := len(objectName(cfg, out, time.Time{})) + moreDigits
		prefix, err := partition.Parse(expr, kind, append(opts, partition.InZone(out.Location), partition.WithKeys(), partition.NamesOf(name))...)
		var bad *partition.ParseError
		if errors.As(err, &bad) {
			for _, b := range bad.Problems {
				problems.Add(field, b.String(), "")
			}
			return
		}
		if n := prefix.MaxBytes() + name; n > maxKeyBytes {
			problems.Add(field, fmt.Sprintf("makes keys of up to %d bytes, S3 takes %d; shorten it or leases.application", n, maxKeyBytes), expr)
		}
		for _, w := range prefix.Warnings() {
			doubts.Add(field, w, "")
		}
		out.Prefix = prefix
	}
	for i, o := range cfg.Outputs {
		zone, err := time.LoadLocation(o.TimeZone)
		if err != nil {
			continue // config.Load has said so
		}
		schema := outputSchema(cfg, i, &problems)
		out := &sink.Output{
			Name: o.Name, Bucket: o.Bucket, Location: zone, Compression: o.Compression, Level: o.CompressionLevel,
			MaxOpenPaths: o.MaxOpenPaths, Validate: o.Validate == "json" && o.Format != "raw",
			Raw: o.Format == "raw", Delimiter: o.Delimiter, Undelimited: o.Delimiter == "", Extension: o.Extension, ContentEncoding: o.ContentEncoding,
			Parquet:   parquetFormat(cfg, i, schema, &problems),
			Timestamp: timestamp(cfg, i, zone, &problems), RejectUntimed: o.TimestampOtherwise == "error",
		}
		if takesColumns(o) {
			out.Extension = cmp.Or(o.Extension, ".parquet") // its format is known once Glue was asked
		}
		add(fmt.Sprintf("outputs[%d].prefix", i), o.Prefix, partition.Data, out, keyOptions(cfg, o)...)
		if schema != nil && out.Prefix != nil {
			for _, clash := range tables.Clashes(schema, out.Prefix) {
				if o.Catalog == "glue" {
					problems.Add(fmt.Sprintf("outputs[%d].schema", i), clash, "")
				} else {
					doubts.Add(fmt.Sprintf("outputs[%d].schema", i), "no table can be made of the objects: "+clash, "")
				}
			}
		}
		p.outputs = append(p.outputs, out)
		p.schemas = append(p.schemas, schema)
	}
	p.errors = &sink.Output{
		Name: "errors", Bucket: cfg.Errors.Bucket, Location: time.UTC, Compression: cfg.Errors.Compression,
	}
	add("errors.prefix", cfg.Errors.Prefix, partition.Errors, p.errors)
	checkKeys(cfg, p, &problems, &doubts)
	for _, d := range cfg.Locate(doubts) {
		p.warnings = append(p.warnings, d.String())
	}
	return p, cfg.Locate(problems).Err()
}

// objectName is a name as the sink gives it to an object, with zeros for the batch's id and the object's number.
func objectName(cfg config.Config, out *sink.Output, t time.Time) string {
	return partition.ObjectName(cfg.Leases.Application, t, out.Location, "00000000-0000-0000-0000-000000000000-0", out.ObjectExtension())
}

// exampleKey is a key under which a record that arrives at t may end.
func exampleKey(cfg config.Config, out *sink.Output, t time.Time) string {
	random := func() string { return "00000000-0000-0000-0000-000000000000" }
	return partition.ObjectKey(out.Prefix.Path(t, "processing-failed"), random, objectName(cfg, out, t))
}

// joinProblems gathers the problems of several errors, each nil or a config.Problems.
func joinProblems(errs ...error) error {
	var all config.Problems
	for _, err := range errs {
		var ps config.Problems
		if errors.As(err, &ps) {
			all = append(all, ps...)
		} else if err != nil {
			return err
		}
	}
	return all.Err()
}
