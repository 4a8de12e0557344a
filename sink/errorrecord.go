package sink

import (
	"encoding/base64"
	"strconv"
	"time"
)

// notJSON is the error code of a record that an output wants to be JSON.
const notJSON = "Standpipe.NotJSON"

// appendErrorRecord writes one line of the error output in the shape Firehose gives a record that could
// not be processed (Data Firehose developer guide, "Handle failure in data transformation"; member order
// as live objects have it), with the stream's own coordinates behind it.
func appendErrorRecord(dst []byte, rec *Record, f *Failure, shard string, now time.Time) []byte {
	if f.Type == conversionFailed {
		return appendConversionError(dst, rec, f, shard, now)
	}
	dst = append(dst, `{"rawData":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, rec.raw())
	dst = append(dst, `","errorCode":`...)
	dst = appendString(dst, f.Code)
	dst = append(dst, `,"errorMessage":`...)
	dst = appendString(dst, f.Message)
	dst = append(dst, `,"attemptsMade":`...)
	dst = strconv.AppendInt(dst, int64(max(f.Attempts, 1)), 10)
	dst = append(dst, `,"arrivalTimestamp":`...)
	dst = strconv.AppendInt(dst, rec.Arrival.UnixMilli(), 10)
	dst = append(dst, `,"attemptEndingTimestamp":`...)
	dst = strconv.AppendInt(dst, now.UnixMilli(), 10)
	dst = appendMember(dst, "lambdaARN", f.LambdaARN)
	dst = append(dst, `,"shardId":`...)
	dst = appendString(dst, shard)
	dst = append(dst, `,"sequenceNumber":`...)
	dst = appendString(dst, rec.Sequence)
	dst = append(dst, `,"subSequenceNumber":`...)
	dst = strconv.AppendInt(dst, int64(rec.SubSequence), 10)
	return append(appendWhere(dst, rec, f), "}\n"...)
}
