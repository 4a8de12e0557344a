package cost

// throughput is what a worker delivers per second of processor time, in MB (10^6 bytes) of record data, by format and
// codec: measured figures of docs/performance.md, of records of some 300 bytes. Larger records cost less than this.
// Codecs that are not in it count as the gzip of their format.
var throughput = map[string]map[string]float64{
	"ndjson":  {"none": 180, "gzip": 90, "zstd": 90},
	"parquet": {"snappy": 80},
}

// idleShard is the part of a core that a caught-up shard takes: 99 take 5 % at most (TestNinetyNineShards).
const idleShard = 0.05 / 99

// ratio is how much smaller objects are than their records: it decides how many parts an upload has, and nothing else.
// Sample data shrinks more; a low figure makes Standpipe dearer.
var ratio = map[string]float64{"none": 1, "gzip": 4, "zip": 4, "zstd": 4, "snappy": 2, "hadoop_snappy": 2}

const parquetRatio = 4 // with any codec

// MBPerSecond is the throughput of an output for each second of processor time.
func MBPerSecond(format, codec string) float64 {
	codecs, known := throughput[format]
	if !known { // raw is written as ndjson is
		codecs = throughput["ndjson"]
	}
	for _, c := range []string{codec, "gzip", "snappy"} {
		if mb, found := codecs[c]; found {
			return mb
		}
	}
	return 0 // a test looks at every pair
}

// smaller is by how much an output's objects are smaller than its records.
func smaller(o Output) float64 {
	if o.Format == "parquet" {
		return parquetRatio
	}
	return max(1, ratio[o.Codec])
}
