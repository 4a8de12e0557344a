package sink

import "time"

// Record is one user record on its way to the outputs, after KPL de-aggregation.
type Record struct {
	Data        []byte    // the user's bytes; valid until Append returns
	Arrival     time.Time // the stream's approximate arrival time
	Sequence    string    // sequence number of the Kinesis record that carried it
	SubSequence int       // its index in a KPL aggregate, 0 for a plain record
	Failure     *Failure  // why it can not be delivered, decided before the sink; nil for a good record
}

// Failure says why a record goes to the error output instead of the outputs.
type Failure struct {
	Type    string // the value of !{firehose:error-output-type}, such as "processing-failed"
	Code    string // such as "Standpipe.NotJSON"
	Message string
	Output  string // the output that the record does not fit, "" where it is all of them

	Table *CatalogTable // that of the output, nil where it has none
}
