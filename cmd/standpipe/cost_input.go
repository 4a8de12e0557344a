package main

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"standpipe/config"
	"standpipe/internal/cost"
)

// workload is what the flags and the configuration file say. Size and rate of the records are 0 where --from measures them.
func (p *program) workload(cmd *cobra.Command, o costFlags) (w cost.Workload, err error) {
	given := func(flag string) bool { return cmd.Flags().Changed(flag) }
	w = cost.Workload{
		Shards: o.shards, Source: cost.Source(o.source), Interval: o.interval, JQHours: o.jqHours,
		Failover: time.Duration(config.Default().Leases.Failover), Compute: cost.Compute(o.compute), Network: cost.Network(o.network),
		Workers: o.workers, Headroom: o.headroom,
	}
	oneOf := func(flag, got string, of ...string) {
		if err == nil && !slices.Contains(of, got) {
			err = usageError("--%s must be %s or %s (got %q)", flag, strings.Join(of[:len(of)-1], ", "), of[len(of)-1], got)
		}
	}
	oneOf("source", o.source, string(cost.Stream), string(cost.Direct), string(cost.AccessLogs))
	oneOf("compute", o.compute, string(cost.Fargate), string(cost.EC2))
	oneOf("network", o.network, string(cost.PublicIP), string(cost.Endpoint), string(cost.NAT), string(cost.Paid))
	if err != nil {
		return w, err
	}
	if o.partitions < 0 {
		return w, usageError("--partitions must be 0 or more (got %d)", o.partitions)
	}
	if w.BufferSize, err = sizeFlag("buffer-size", o.bufferSize); err != nil {
		return w, err
	}
	if w.Memory, err = sizeFlag("buffer-memory", o.bufferMemory); err != nil {
		return w, err
	}
	if w.Outputs, err = formatsOf(o.formats, o.partitions); err != nil {
		return w, err
	}
	if p.file(cmd) != "" {
		cfg, pipe, err := p.load(cmd)
		if err != nil {
			return w, err
		}
		w.Failover, w.Region = time.Duration(cfg.Leases.Failover), cfg.Stream.Region
		if !given("interval") {
			w.Interval = time.Duration(cfg.Buffer.Interval)
		}
		if !given("buffer-size") {
			w.BufferSize = float64(cfg.Buffer.Size)
		}
		if !given("buffer-memory") {
			w.Memory = float64(cfg.Buffer.Memory)
		}
		if !given("format") {
			if w.Outputs, err = outputsOf(cfg, pipe, o.partitions); err != nil {
				return w, err
			}
		}
	}
	return w, o.records(&w)
}

// records reads size and rate.
func (o costFlags) records(w *cost.Workload) (err error) {
	if len(o.from) > 0 {
		if o.recordSize != "" || o.rate != "" {
			return usageError("--from measures the records: leave --record-size and --rate out, or --from")
		}
		return nil
	}
	if o.recordSize == "" || o.rate == "" {
		return usageError("what arrives is not known: give --record-size and --rate, such as --record-size 300B --rate 1000/s, or --from with the metrics of a running worker")
	}
	if w.RecordBytes, err = sizeFlag("record-size", o.recordSize); err != nil {
		return err
	}
	per, bytes, err := parseRate(o.rate)
	if err != nil {
		return usageError("--rate %w (got %q)", err, o.rate)
	}
	if w.RecordsPerSecond = per; bytes {
		w.RecordsPerSecond = per / w.RecordBytes
	}
	return nil
}

// costCodecs are the codecs that each format of an output may have, the default first.
var costCodecs = map[string][]string{"ndjson": lineCodecs, "raw": lineCodecs, "parquet": {"snappy", "zstd", "gzip", "none"}}

var lineCodecs = []string{"gzip", "zstd", "snappy", "hadoop_snappy", "zip", "none"}

// formatsOf reads ndjson, parquet/zstd and the like.
func formatsOf(texts []string, partitions int) (all []cost.Output, err error) {
	for _, text := range texts {
		format, codec, _ := strings.Cut(strings.ToLower(strings.TrimSpace(text)), "/")
		codecs := costCodecs[format]
		if len(codecs) > 0 {
			codec = cmp.Or(codec, codecs[0])
		}
		if !slices.Contains(codecs, codec) {
			return nil, usageError("--format must be ndjson, raw or parquet, with a codec as in ndjson/%s or parquet/%s (got %q)",
				strings.Join(costCodecs["ndjson"], "|"), strings.Join(costCodecs["parquet"], "|"), text)
		}
		all = append(all, cost.Output{Format: format, Codec: codec, Paths: max(1, partitions), Partitioned: partitions > 0})
	}
	return all, nil
}

// outputsOf are those of a configuration. Prefixes by partition keys or by a time in the records are dynamic partitioning
// for Firehose.
func outputsOf(cfg config.Config, pipe *pipeline, partitions int) (all []cost.Output, err error) {
	for i, out := range cfg.Outputs {
		o := cost.Output{Format: out.Format, Codec: out.Compression, Level: out.CompressionLevel, Paths: 1}
		if len(pipe.outputs[i].Prefix.Keys()) > 0 {
			if partitions == 0 {
				return nil, usageError("outputs[%d].prefix holds partition keys: say with --partitions how many of their values get records within %v", i, cfg.Buffer.Interval)
			}
			o.Paths, o.Partitioned = partitions, true
		}
		o.Partitioned = o.Partitioned || out.Timestamp != "arrival"
		all = append(all, o)
	}
	return all, nil
}

// sizeUnits are the units of sizes, in lower case: as people write them, and as AWS's pages do.
var sizeUnits = map[string]float64{"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}

// sizeFlag reads a flag's size. Without a unit it is bytes.
func sizeFlag(flag, text string) (float64, error) {
	n, unit, ok := quantity(text)
	if unit == "" {
		unit = "b"
	}
	if bytes := n * sizeUnits[unit]; ok && bytes > 0 && !math.IsInf(bytes, 0) {
		return bytes, nil
	}
	return 0, usageError("--%s must be a size such as 300B, 2KB or 128MiB (got %q)", flag, text)
}

// timeUnits are the seconds in what a rate may be given for; a month is AWS's of 730 hours.
var timeUnits = map[string]float64{"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86400, "day": 86400, "month": 730 * 3600}

// parseRate reads 1000/s or 1MB/s: a quantity a second, and whether it is bytes rather than records.
func parseRate(text string) (perSecond float64, bytes bool, err error) {
	amount, per, found := strings.Cut(text, "/")
	n, unit, ok := quantity(amount)
	seconds := timeUnits[strings.TrimSpace(per)]
	factor, isSize := sizeUnits[unit]
	if unit == "" {
		factor = 1
	}
	perSecond = n * factor / seconds
	if !found || !ok || factor == 0 || seconds == 0 || !(perSecond > 0) || math.IsInf(perSecond, 0) {
		return 0, false, fmt.Errorf("must be records as in 1000/s or bytes as in 1MB/s; also for /min, /h, /day or /month")
	}
	return perSecond, isSize, nil
}

// thousands are numbers with commas between their thousands, and not in place of a point.
var thousands = regexp.MustCompile(`^[0-9]{1,3}(,[0-9]{3})+([^0-9,]|$)`)

// quantity splits a number from its unit, which it gives in lower case.
func quantity(text string) (n float64, unit string, ok bool) {
	text = strings.TrimSpace(text)
	if thousands.MatchString(text) {
		text = strings.ReplaceAll(text, ",", "")
	}
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	return n, strings.ToLower(text[len(digits):]), err == nil && n > 0
}
