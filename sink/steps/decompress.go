package steps

import (
	"fmt"

	"standpipe/sink"
)

// What Firehose says of a record that it can not decompress.
const (
	decompressionFailed = "decompression-failed"
	decompressionCode   = "Decompression failed."
	notCloudWatchLog    = "Decompression failed because input data does not conform to cloudwatch log."
)

// NewDecompress makes the step that unpacks gzip, or what CloudWatch Logs sends: a record of each message. A record that
// becomes larger than maxBytes can not be taken. Its error is about the format.
func NewDecompress(name, format string, maxBytes int64) (Each, error) {
	switch format {
	case "gzip":
		return &decompress{name, maxBytes}, nil
	case "cloudwatch_logs":
		return &cloudWatchLogs{name, min(maxBytes, maxSpanned)}, nil
	}
	return nil, fmt.Errorf("must be gzip or cloudwatch_logs, not %q", format)
}

// decompress unpacks gzip.
type decompress struct {
	name  string
	limit int64
}

var _ holder = (*decompress)(nil)

func (d *decompress) Name() string { return d.name }

func (d *decompress) Do(rec sink.Record, yield func(sink.Record) bool) bool {
	return d.do(rec, func(int64) {}, yield)
}

func (d *decompress) do(rec sink.Record, held func(int64), yield func(sink.Record) bool) bool {
	data, err := gunzip(rec.Data, d.limit)
	if err != nil {
		return yield(refused(rec, d.name, decompressionFailed, decompressionCode, fmt.Sprintf("%s (%s)", decompressionCode, err)))
	}
	held(int64(cap(data)))
	defer held(-int64(cap(data)))
	return yield(changed(rec, data))
}
