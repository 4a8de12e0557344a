package cost

// throughput is what a worker delivers per second of processor time, in MB (10^6 bytes) of record data: measured by
// `make bench BENCH=-levels` on records of 300 bytes, rounded down. Larger records cost less than this. Rows of a codec
// stand by level.
var throughput = []struct {
	format, codec string
	level         int // 0 = the codec has none
	mb            float64
}{
	{"ndjson", "none", 0, 95},
	{"ndjson", "gzip", 1, 65},
	{"ndjson", "gzip", 5, 55},
	{"ndjson", "gzip", 8, 25},
	{"ndjson", "zstd", 1, 60},
	{"ndjson", "zstd", 3, 50},
	{"ndjson", "zstd", 6, 28},
	{"ndjson", "zstd", 10, 8},
	{"parquet", "snappy", 0, 50},
}

// defaultLevels are those of compression_level 0.
var defaultLevels = map[string]int{"gzip": 8, "zstd": 6}

// idleShard is the part of a core that a caught-up shard takes: 99 take 5 % at most (TestNinetyNineShards).
const idleShard = 0.05 / 99

// ratio is how much smaller objects are than their records: it decides how many parts an upload has, and nothing else.
// Sample data shrinks more; a low figure makes Standpipe dearer.
var ratio = map[string]float64{"none": 1, "gzip": 4, "zip": 4, "zstd": 4, "snappy": 2, "hadoop_snappy": 2}

const parquetRatio = 3.5 // with any codec

// MBPerSecond is the throughput of an output for each second of processor time. A level that was not measured counts as
// the next higher one that was; other codecs of NDJSON count as gzip, and those of Parquet as the slower of snappy and of
// NDJSON with that codec. Raw is written as NDJSON is.
func MBPerSecond(o Output) float64 {
	switch {
	case o.Format != "parquet":
		if mb := measured("ndjson", o.Codec, o.Level); mb > 0 {
			return mb
		}
		return measured("ndjson", "gzip", 0)
	case o.Codec == "gzip", o.Codec == "zstd":
		return min(measured("parquet", "snappy", 0), measured("ndjson", o.Codec, o.Level))
	}
	return measured("parquet", "snappy", 0)
}

// measured is the row of a level, or of the next; 0 where the codec has none.
func measured(format, codec string, level int) (mb float64) {
	if level == 0 {
		level = defaultLevels[codec]
	}
	for _, row := range throughput {
		if row.format == format && row.codec == codec {
			if mb = row.mb; row.level >= level {
				return mb
			}
		}
	}
	return mb
}

// smaller is by how much an output's objects are smaller than its records.
func smaller(o Output) float64 {
	if o.Format == "parquet" {
		return parquetRatio
	}
	return max(1, ratio[o.Codec])
}
