package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"standpipe/internal/cost"
)

// What an object costs beside the processor time that made it, in US dollars: a year in S3 Standard in us-east-1, and
// scansAYear times that Athena reads all of it.
// https://aws.amazon.com/s3/pricing/ and https://aws.amazon.com/athena/pricing/
const (
	storageGBMonth = 0.023
	scanTB         = 5.0
	scansAYear     = 12
)

// levelCases are the levels of the codecs that have some, with what stands for none.
func levelCases() []benchCase {
	var all []benchCase
	add := func(format, codec string, levels ...int) {
		for _, level := range levels {
			c := benchCase{Name: fmt.Sprintf("%s, %s", format, codec), Format: format, Codec: codec, Level: level, Shards: 8, Record: 300}
			if level > 0 {
				c.Name += fmt.Sprintf(" %d", level)
			}
			all = append(all, c)
		}
	}
	add("ndjson", "none", 0)
	add("ndjson", "gzip", 1, 2, 3, 4, 5, 6, 7, 8, 9)
	add("ndjson", "zstd", 1, 3, 6, 10)
	add("parquet", "snappy", 0)
	add("parquet", "gzip", 1, 6, 9)
	add("parquet", "zstd", 1, 3, 6, 10)
	return all
}

// levels is the table of what a terabyte of records costs by codec and level: processor time, a year of storage, queries.
func (b *bench) levels() table {
	prices := cost.ListPrices()
	return table{
		name: "levels",
		intro: fmt.Sprintf("%d MB of records a case. A terabyte of records in US dollars: processor time at Fargate's price on ARM ($%v an hour), a year of S3 Standard ($%v a GB and month),\n"+
			"and %d times that Athena scans all of it ($%v a TB).", b.mb, prices.Fargate.VCPUHour, storageGBMonth, scansAYear, scanTB),
		head:  fmt.Sprintf("| %-28s | MB/CPU s | stored %% | CPU $ | storage $ | scans $ | all $ |\n|%s|---:|---:|---:|---:|---:|---:|\n", "case", strings.Repeat("-", 30)),
		cases: levelCases(),
		row: func(ctx context.Context, c benchCase) (string, error) {
			r, err := b.measure(ctx, c, false)
			cpu := 1e6 / r.ours / 3600 * prices.Fargate.VCPUHour
			storage, scans := 1000*r.stored*storageGBMonth*12, r.stored*scanTB*scansAYear
			return fmt.Sprintf("%8.0f | %8.1f | %5.2f | %9.2f | %7.2f | %5.2f", r.ours, 100*r.stored, cpu, storage, scans, cpu+storage+scans), err
		},
	}
}

// storedBytes is what the objects of a bucket take.
func storedBytes(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		n += info.Size()
		return err
	})
	return n, err
}
