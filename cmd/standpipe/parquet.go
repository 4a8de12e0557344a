package main

import (
	"errors"
	"fmt"

	"standpipe/config"
	"standpipe/sink/parquet"
)

var (
	timestamps = map[string]parquet.Timestamps{"micros": parquet.Micros, "millis": parquet.Millis, "nanos": parquet.Nanos, "int96": parquet.Int96}
	epochs     = map[string]parquet.Epoch{
		"seconds": parquet.EpochSeconds, "millis": parquet.EpochMillis, "micros": parquet.EpochMicros, "nanos": parquet.EpochNanos,
	}
)

// parquetOptions say how the records of a Parquet output are read.
func parquetOptions(p config.Parquet) parquet.Options {
	return parquet.Options{
		Timestamps: timestamps[p.Timestamps], Epoch: epochs[p.Epoch], Strict: p.JSON == "strict",
		CaseSensitive: !p.CaseInsensitive, DotsToUnderscores: p.DotsToUnderscores, Rest: p.RestColumn,
	}
}

// fileOptions say how the files of a Parquet output are laid out.
func fileOptions(cfg config.Config, o config.Output) parquet.FileOptions {
	p := o.Parquet
	return parquet.FileOptions{
		Codec: o.Compression, Level: o.CompressionLevel, RowGroup: int64(p.RowGroupSize), Page: int(p.PageSize), Version: p.PageVersion,
		NoDictionary: !p.Dictionary, SortBy: p.SortBy, Held: int64(cfg.Buffer.Memory) / 8,
	}
}

// outputSchema makes the columns of an output, nil for one that lists none or that config.Load has found broken, and adds
// what is wrong with them to problems. Lines are read by engines, as the OpenX SerDe does it by default.
func outputSchema(cfg config.Config, i int, problems *config.Problems) *parquet.Schema {
	o, field := cfg.Outputs[i], fmt.Sprintf("outputs[%d].schema", i)
	if o.Schema == "" {
		return nil
	}
	var options parquet.Options
	if o.Format == "parquet" {
		options = parquetOptions(o.Parquet)
	}
	columns, err := parquet.ParseColumns(o.Schema)
	var schema *parquet.Schema
	if err == nil {
		schema, err = parquet.ParseSchema(columns, options)
	}
	var bad *parquet.SchemaError
	if errors.As(err, &bad) {
		for _, b := range bad.Problems {
			text := b.Text
			if b.Column != "" {
				text = "column " + b.Column + ": " + text
			}
			problems.Add(field, text, "")
		}
		return nil
	}
	return schema
}

// parquetFormat makes the format of an output with a schema, nil for one of lines, one whose columns Glue has, or one that
// is broken. What config.Load could not see of that is added to problems.
func parquetFormat(cfg config.Config, i int, schema *parquet.Schema, problems *config.Problems) *parquet.Format {
	o := cfg.Outputs[i]
	if o.Format != "parquet" || schema == nil {
		return nil
	}
	format, err := parquet.NewFormat(schema, fileOptions(cfg, o))
	var unsortable *parquet.SortError
	if errors.As(err, &unsortable) {
		problems.Add(fmt.Sprintf("outputs[%d].parquet.sort_by", i), unsortable.Text, o.Parquet.SortBy)
	}
	if err != nil {
		return nil // config.Load has said all else
	}
	return format
}
