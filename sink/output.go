package sink

import (
	"time"

	"standpipe/partition"
)

// Output is one configured destination. Outputs of a sink commit together.
type Output struct {
	Name        string
	Bucket      string
	Prefix      *partition.Prefix
	Location    *time.Location // of the time in object names; nil = UTC
	Compression string         // "none" or "gzip"
	Level       int            // of the codec; 0 = its default
	Validate    bool           // what is not JSON goes to the error output instead of through
	Extension   string         // of object names; "" = by format and compression
}

func (o *Output) extension() string {
	switch {
	case o.Extension != "":
		return o.Extension
	case o.Compression == "gzip":
		return ".ndjson.gz"
	}
	return ".ndjson"
}

func (o *Output) form() Form {
	if o.Compression == "gzip" {
		return Form{ContentType: "application/gzip"}
	}
	return Form{ContentType: "application/x-ndjson"}
}
