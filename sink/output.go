package sink

import (
	"fmt"
	"strings"
	"time"

	"standpipe/partition"
	"standpipe/sink/eventtime"
	"standpipe/sink/parquet"
)

// Output is one configured destination. Outputs of a sink commit together.
type Output struct {
	Name        string
	Bucket      string
	Prefix      *partition.Prefix
	Location    *time.Location // of the time in object names; nil = UTC
	Compression string         // none, gzip, zip, zstd, snappy (snappy-java's stream) or hadoop_snappy; "" = none
	Level       int            // 1 to 9 of gzip and zip, 1 to 22 of zstd; 0 = the codec's default, and the only one of the others
	Validate    bool           // what is not JSON goes to the error output instead of through
	Raw         bool           // records are written as they come, not as lines of JSON
	Delimiter   string         // what stands behind each line or record; "" = a line end, unless Undelimited
	Undelimited bool           // nothing stands behind records
	Extension   string         // of object names; "" = by format and compression
	Named       bool           // takes only the records whose Redriven names it

	// Timestamp finds the time that a record is filed under, in its prefix's time zone; nil = its arrival. A record without a
	// usable time is filed under its arrival or, with RejectUntimed, is an error record of this output; both are counted. Object
	// names keep the arrival of their first record.
	Timestamp     *eventtime.Finder
	RejectUntimed bool

	// MaxOpenPaths is how many paths records of one batch may be filed under, those that then do not fit the output among
	// them. A record of a further one goes to the error output, as
	// with Firehose's limit of active partitions; 0 = as many as Options.Memory has room for, at 2 KiB each.
	MaxOpenPaths int

	// Parquet has the output written as Parquet files instead of lines, in this format until Sink.Reformat names another.
	// Compression, Level, Validate and ContentEncoding then have no meaning: a record that does not fit goes to the error
	// output.
	Parquet *parquet.Format

	// Table is where the columns of Parquet come from, for error records; nil = from no table.
	Table *CatalogTable

	// ContentEncoding has S3 answer requests for an object with the codec's Content-Encoding, as Firehose has it; the
	// Content-Type is then that of the lines. HTTP clients decompress such a body by themselves, some of them without
	// being asked, so that what is stored under a name ending in .gz arrives as plain lines.
	ContentEncoding bool
}

// takes says whether a record is for this output.
func (o *Output) takes(rec *Record) bool {
	if rec.Redriven == nil || rec.Redriven.Output == "" {
		return !o.Named
	}
	return rec.Redriven.Output == o.Name
}

// ObjectExtension is the end of the output's object names: Extension, or the codec's; "" of a codec that there is not.
func (o *Output) ObjectExtension() string {
	if o.Extension != "" {
		return o.Extension
	}
	if o.Parquet != nil {
		return ".parquet"
	}
	if codecs[o.Compression] == nil && o.Compression != "" {
		return ""
	}
	if o.Raw {
		return strings.TrimPrefix(o.codec().extension, ".ndjson")
	}
	return o.codec().extension
}

// end is what stands behind each line or record.
func (o *Output) end() string {
	switch {
	case o.Undelimited:
		return ""
	case o.Delimiter == "":
		return "\n"
	}
	return o.Delimiter
}

// contentType is that of what is written, before compression.
func (o *Output) contentType() string {
	if o.Raw {
		return "application/octet-stream"
	}
	return ndjson
}

func (o *Output) codec() *codec {
	if o.Compression == "" {
		return codecs["none"]
	}
	c := codecs[o.Compression]
	if c == nil {
		panic(fmt.Sprintf("sink: output %s: there is no codec %s", o.Name, o.Compression))
	}
	return c
}

// parquetType is registered: https://www.iana.org/assignments/media-types/application/vnd.apache.parquet
const parquetType = "application/vnd.apache.parquet"

func (o *Output) form() Form {
	if o.Parquet != nil {
		return Form{ContentType: parquetType}
	}
	c := o.codec()
	if o.ContentEncoding && c.encoding != "" {
		return Form{ContentType: o.contentType(), ContentEncoding: c.encoding}
	}
	if c.contentType == ndjson {
		return Form{ContentType: o.contentType()}
	}
	return Form{ContentType: c.contentType}
}
