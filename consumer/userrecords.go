package consumer

import (
	"time"

	"standpipe/sink"
)

// UserRecords gives the data of the user records in one Kinesis record, as the workers take it apart: a KPL aggregate's in
// their order, one that can not be decoded as it is, and all other data as one record. It stops when yield returns false.
// The slices alias data.
func UserRecords(data []byte, yield func(record []byte) bool) {
	deaggregate(data, time.Time{}, "", "", nil, false, false, func(r sink.Record) bool { return yield(r.Data) })
}
