package main

import (
	"fmt"
	"time"
)

// A benchCase is one line of a table.
type benchCase struct {
	Name       string
	Format     string // ndjson or parquet
	Codec      string // outputs[].compression
	Level      int    // outputs[].compression_level
	Shards     int
	Record     int  // bytes of a record, about
	Aggregated bool // in KPL aggregates of about 25 KB
	TLS        bool
	Procs      int // GOMAXPROCS; 0 = all cores
	Extra      bool

	Paths    int           // by a partition key of the records, which come to them at random; 0 = no partition keys
	Interval time.Duration // buffer.interval; 0 = the default, so that the stop commits
	MB       int64         // of records; 0 = as the command line says

	Live    bool          // records come while the program runs, 1 MB a second and shard; the service's limits hold, and answers take time
	Counted time.Duration // of them those count that are put for so long, after the warm-up
}

// schema is the table that the records of the benchmark fit.
const schema = "requestid string, ip string, user string, requesttime timestamp from requestTime, httpmethod string from httpMethod, resourcepath string from resourcePath, status string, protocol string, responselength int from responseLength"

// with is what all cases have in common, changed.
func with(name string, change func(*benchCase)) benchCase {
	c := benchCase{Name: name, Format: "ndjson", Codec: "gzip", Level: 1, Shards: 8, Record: 300}
	change(&c)
	return c
}

// cases are those of speed, the five of a plain run first.
func cases() []benchCase {
	all := []benchCase{
		with("ndjson, gzip level 1", func(*benchCase) {}),
		with("ndjson, gzip, default level", func(c *benchCase) { c.Level = 0 }),
		with("ndjson, uncompressed", func(c *benchCase) { c.Codec, c.Level = "none", 0 }),
		with("ndjson, zstd", func(c *benchCase) { c.Codec, c.Level = "zstd", 0 }),
		with("parquet, snappy", func(c *benchCase) { c.Format, c.Codec, c.Level = "parquet", "snappy", 0 }),
	}
	for _, size := range []int{100, 1_000, 10_000, 100_000} {
		all = append(all, with(fmt.Sprintf("records of %d bytes", size), func(c *benchCase) { c.Record, c.Extra = size, true }))
	}
	for _, shards := range []int{1, 99} {
		all = append(all, with(fmt.Sprintf("shards: %d", shards), func(c *benchCase) { c.Shards, c.Extra = shards, true }))
	}
	return append(all,
		with("KPL aggregates", func(c *benchCase) { c.Aggregated, c.Extra = true, true }),
		with("TLS", func(c *benchCase) { c.TLS, c.Extra = true, true }),
		with("GOMAXPROCS 1", func(c *benchCase) { c.Procs, c.Extra = 1, true }),
		with("GOMAXPROCS 2", func(c *benchCase) { c.Procs, c.Extra = 2, true }),
	)
}
