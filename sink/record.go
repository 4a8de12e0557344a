package sink

import (
	"time"

	"standpipe/partition"
)

// Record is one record on its way to the outputs: a user record after KPL de-aggregation, or what steps made of one.
type Record struct {
	Data        []byte     // the record's bytes; valid until Append returns
	Arrival     time.Time  // the stream's approximate arrival time
	Sequence    string     // sequence number of the Kinesis record that carried it
	SubSequence int        // its index in a KPL aggregate, 0 for a plain record
	Part        int        // its index among the records that steps made of one user record
	Keys        []KeyValue // of the prefixes, as far as steps found them
	Failure     *Failure   // why it can not be delivered, decided before the sink; nil for a good record

	// Raw is what an error record shows of it where that is not Data: what the stream held, or what stood behind the step
	// RawAfter, which made several records of one, so that the others are delivered without it.
	Raw      []byte
	RawAfter string // "" is the stream

	// PartitionKey is the Kinesis record's, of a user record in a KPL aggregate its own; that is left out where no step asks for it.
	PartitionKey string

	Redriven *Redriven // what its error record said of it; nil for a record of the stream
}

// Redriven is where a record was that comes from an error record. Further error records of it say the same.
type Redriven struct {
	Shard  string // that it was read from, "" where that is not known
	Output string // the only output that lacks it, "" where all of them do
}

// KeyValue is a record's value of a partition key.
type KeyValue struct {
	partition.Key
	Value string
}

// raw is what an error record shows.
func (r *Record) raw() []byte {
	if r.Raw != nil {
		return r.Raw
	}
	return r.Data
}

// Failure says why a record goes to the error output instead of the outputs.
type Failure struct {
	Type    string // the value of !{firehose:error-output-type}, such as "processing-failed"
	Code    string // such as "Standpipe.NotJSON"
	Message string
	Output  string // the output that the record does not fit, "" where it is all of them
	Step    string // the step that it failed, "" where it failed none

	Attempts  int    // how often it was tried; 0 is once
	LambdaARN string // the function that was called

	Table *CatalogTable // that of the output, nil where it has none
}

// Read says what the records of a response were made of.
type Read struct {
	Records int64     // user records
	Last    time.Time // when the last of them arrived
}
