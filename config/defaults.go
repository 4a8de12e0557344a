package config

import (
	"fmt"
	"time"
)

// Default returns the configuration before anything is read. It has no output
// and no stream, and what follows from other keys is still empty, so it does
// not pass for a valid one.
func Default() Config {
	return Config{
		Stream: Stream{InitialPosition: "TRIM_HORIZON", PollInterval: Duration(time.Second)},
		Leases: Leases{Failover: Duration(30 * time.Second)},
		Buffer: Buffer{Size: 128 * MiB, Interval: Duration(300 * time.Second), Memory: 128 * MiB},
		Errors: Errors{
			Prefix:      "errors/!{firehose:error-output-type}/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/",
			Compression: "gzip",
		},
		KPL:     KPL{OutOfRange: "deliver"},
		Server:  Server{Listen: ":8080"},
		Metrics: Metrics{Interval: Duration(time.Minute)},
		Log:     Log{Level: "info", Format: "json"},
	}
}

// DefaultStep returns a step before anything is read; it has no kind.
func DefaultStep() Step {
	return Step{Input: "json", Output: "json", MaxBytes: 64 * MiB, Timeout: Duration(time.Second), Lambda: Lambda{BufferSize: MiB, Parallel: 5, Retries: 3, Timeout: Duration(5 * time.Minute)}}
}

// DefaultOutput returns an output before anything is read; it has no bucket.
func DefaultOutput() Output {
	return Output{PartitionValues: "plain", Format: "ndjson", Delimiter: "\n", TimeZone: "UTC", Validate: "json",
		Timestamp: "arrival", TimestampFormat: "auto", TimestampOldest: Duration(7 * 24 * time.Hour), TimestampNewest: Duration(time.Hour), TimestampOtherwise: "arrival",
		Glue: Glue{Refresh: Duration(time.Minute)}, Parquet: Parquet{
			RowGroupSize: 64 * MiB, PageSize: MiB, PageVersion: 1, Dictionary: true, Timestamps: "micros",
			JSON: "openx", Epoch: "seconds", CaseInsensitive: true,
		}}
}

// deriveCodecs fills in the codec that suits each output's format.
func (c *Config) deriveCodecs() {
	for i := range c.Outputs {
		codec := "gzip"
		if c.Outputs[i].Format == "parquet" {
			codec = "snappy"
		}
		fill(&c.Outputs[i].Compression, codec)
	}
}

// derive fills what follows from other keys, where nothing was given.
func (c *Config) derive() {
	if m := streamARN.FindStringSubmatch(c.Stream.ARN); m != nil {
		fill(&c.Stream.Region, m[1])
		fill(&c.Stream.Name, m[2])
	}
	fill(&c.Leases.Application, "standpipe-"+c.Stream.Name)
	fill(&c.Leases.Table, c.Leases.Application)
	for i := range c.Outputs {
		fill(&c.Outputs[i].Name, fmt.Sprintf("output-%d", i))
		fill(&c.Outputs[i].TimeZone, "UTC")
	}
	if len(c.Outputs) > 0 {
		fill(&c.Errors.Bucket, c.Outputs[0].Bucket)
		fill(&c.Journal.Bucket, c.Outputs[0].Bucket)
	}
	c.deriveFunctions()
	c.deriveRoles()
	fill(&c.Errors.Prefix, Default().Errors.Prefix)
	fill(&c.Journal.Prefix, "_standpipe/"+c.Leases.Application+"/")
	if c.Server.Listen == "off" {
		c.Server.Listen = ""
	}
}

func fill(field *string, text string) {
	if *field == "" {
		*field = text
	}
}
