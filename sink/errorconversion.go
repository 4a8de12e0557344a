package sink

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"
)

// conversionFailed is Firehose's type of errors in record format conversion.
const conversionFailed = "format-conversion-failed"

// CatalogTable is a table of the AWS Glue Data Catalog, as an error record names it.
type CatalogTable struct {
	CatalogID    *string `json:"catalogId"` // nil: that of the account
	DatabaseName string  `json:"databaseName"`
	TableName    string  `json:"tableName"`
	Region       string  `json:"region"`
	VersionID    string  `json:"versionId"` // LATEST, as it is followed
	RoleARN      *string `json:"roleArn"`   // nil: the program's own identity
}

// appendConversionError writes one line of the error output in the shape that Firehose gives a record which it could
// not convert (Data Firehose developer guide, "Record format conversion error handling"; member names as live objects
// have them). Its dataCatalogTable is null where the schema comes from none, or the record fits no output; the coordinates
// that Firehose does not give, and the output that the record does not fit, stand behind it.
func appendConversionError(dst []byte, rec *Record, f *Failure, shard string, now time.Time) []byte {
	dst = append(dst, `{"attemptsMade":1,"arrivalTimestamp":`...)
	dst = strconv.AppendInt(dst, rec.Arrival.UnixMilli(), 10)
	dst = append(dst, `,"lastErrorCode":`...)
	dst = appendString(dst, f.Code)
	dst = append(dst, `,"lastErrorMessage":`...)
	dst = appendString(dst, f.Message)
	dst = append(dst, `,"attemptEndingTimestamp":`...)
	dst = strconv.AppendInt(dst, now.UnixMilli(), 10)
	dst = append(dst, `,"rawData":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, rec.raw())
	dst = append(dst, `","sequenceNumber":`...)
	dst = appendString(dst, rec.Sequence)
	dst = append(dst, `,"subSequenceNumber":`...)
	dst = strconv.AppendInt(dst, int64(rec.SubSequence), 10)
	dst = append(dst, `,"dataCatalogTable":`...)
	table, _ := json.Marshal(f.Table) // strings always encode
	dst = append(append(dst, table...), `,"shardId":`...)
	dst = appendString(dst, shard)
	return append(appendWhere(dst, rec, f), "}\n"...)
}
