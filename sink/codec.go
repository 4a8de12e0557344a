package sink

// ndjson is the media type of lines that are not compressed.
const ndjson = "application/x-ndjson"

// codec says how an output's lines are stored: what its objects are called and declared as, and how chunks of lines,
// compressed independently and on any goroutine, become one file.
type codec struct {
	name        string // as the configuration has it
	extension   string // of object names
	contentType string // of the file, where its Content-Encoding is not declared
	encoding    string // Content-Encoding, as Firehose names it; "" = there is none to declare
	chunk       int    // bytes that are compressed in one piece; the last chunk of an object may be smaller
	buffers     *chunkBuffers
	levels      int // highest compression level; the lowest is 1, and 0 stands for the codec's default; 0 = no levels

	// compress gives a chunk's stored form in a slice of its own and exact size, and what the framing wants to know of
	// its raw bytes. It is not called for an empty chunk, and may be called concurrently. nil stores chunks as they are.
	compress func(level int, raw []byte) (body []byte, crc uint32)
	// framing starts a file; id is unique among all objects.
	framing func(id string) framing
}

// framing makes one file of chunks. It is not safe for concurrent use.
type framing interface {
	// header gives the bytes that come before the first chunk.
	header() []byte
	// add takes account of the next chunk, which is not empty.
	add(chunk)
	// trailer gives the bytes that come after the last chunk.
	trailer() []byte
}

// codecs are the names that Output.Compression may have. The Content-Encodings but zstd's are those that Firehose sends
// (zstd's is RFC 8878's); it does not offer zstd.
var codecs = map[string]*codec{
	"none": {name: "none", extension: ".ndjson", contentType: ndjson, chunk: chunkSize, buffers: fillChunks, framing: unframed},
	"gzip": {
		name: "gzip", extension: ".ndjson.gz", contentType: "application/gzip", encoding: "gzip", chunk: chunkSize, buffers: fillChunks,
		levels: 9, compress: compressChunk, framing: func(string) framing { return new(gzipStream) },
	},
	"zip": {
		name: "zip", extension: ".zip", contentType: "application/zip", encoding: "zip", chunk: chunkSize, buffers: fillChunks,
		levels: 9, compress: compressChunk, framing: func(id string) framing { return &zipStream{name: id} },
	},
	"zstd": {
		name: "zstd", extension: ".ndjson.zst", contentType: "application/zstd", encoding: "zstd", chunk: zstdChunk, buffers: zstdChunks,
		levels: 22, compress: compressZstd, framing: unframed,
	},
	"snappy": {
		name: "snappy", extension: ".snappy", contentType: "application/octet-stream", encoding: "snappy-java", chunk: chunkSize, buffers: fillChunks,
		compress: compressXerial, framing: func(string) framing { return xerialStream{} },
	},
	"hadoop_snappy": {
		name: "hadoop_snappy", extension: ".snappy", contentType: "application/octet-stream", encoding: "hadoop-snappy", chunk: chunkSize, buffers: fillChunks,
		compress: compressHadoop, framing: unframed,
	},
}

// concatenation is the framing of codecs whose chunks stand one behind the other with nothing around them.
type concatenation struct{}

func unframed(string) framing { return concatenation{} }

func (concatenation) header() []byte  { return nil }
func (concatenation) add(chunk)       {}
func (concatenation) trailer() []byte { return nil }
