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

// parquetFormat makes the format of an output, nil for one of lines or one that config.Load has found broken, and adds
// what is wrong with its columns to problems.
func parquetFormat(cfg config.Config, i int, problems *config.Problems) *parquet.Format {
	o, field := cfg.Outputs[i], fmt.Sprintf("outputs[%d].schema", i)
	if o.Format != "parquet" || o.Schema == "" {
		return nil
	}
	p := o.Parquet
	columns, err := parquet.ParseColumns(o.Schema)
	var schema *parquet.Schema
	if err == nil {
		schema, err = parquet.ParseSchema(columns, parquet.Options{
			Timestamps: timestamps[p.Timestamps], Epoch: epochs[p.Epoch], Strict: p.JSON == "strict",
			CaseSensitive: !p.CaseInsensitive, DotsToUnderscores: p.DotsToUnderscores, Rest: p.RestColumn,
		})
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
	format, err := parquet.NewFormat(schema, parquet.FileOptions{
		Codec: o.Compression, Level: o.CompressionLevel, RowGroup: int64(p.RowGroupSize), Page: int(p.PageSize), Version: p.PageVersion,
		NoDictionary: !p.Dictionary, Held: int64(cfg.Buffer.Memory) / 8,
	})
	if err != nil {
		return nil // config.Load has said so
	}
	return format
}
