package lambdafake

import (
	"encoding/json"
	"fmt"
)

// Event is what Firehose sends to a function, with the types that AWS's own library for Go functions has for it:
// https://github.com/aws/aws-lambda-go/blob/main/events/firehose.go
type Event struct {
	InvocationID           string   `json:"invocationId"`
	DeliveryStreamArn      string   `json:"deliveryStreamArn"`
	SourceKinesisStreamArn string   `json:"sourceKinesisStreamArn"`
	Region                 string   `json:"region"`
	Records                []Record `json:"records"`
}

// Record is a record of an Event.
type Record struct {
	RecordID string `json:"recordId"`
	Arrival  int64  `json:"approximateArrivalTimestamp"` // milliseconds
	Data     []byte `json:"data"`
	Kinesis  struct {
		ShardID           string `json:"shardId"`
		PartitionKey      string `json:"partitionKey"`
		SequenceNumber    string `json:"sequenceNumber"`
		SubsequenceNumber int64  `json:"subsequenceNumber"`
		Arrival           int64  `json:"approximateArrivalTimestamp"`
	} `json:"kinesisRecordMetadata"`
}

// Result is what a function makes of a record.
type Result struct {
	RecordID string    `json:"recordId"`
	Result   string    `json:"result"` // Ok, Dropped or ProcessingFailed
	Data     []byte    `json:"data"`
	Metadata *Metadata `json:"metadata,omitempty"`
}

// Metadata is what a function says of a record besides.
type Metadata struct {
	PartitionKeys map[string]string `json:"partitionKeys"`
}

// Ok is the result of a record that becomes data.
func (r Record) Ok(data []byte) Result { return Result{RecordID: r.RecordID, Result: "Ok", Data: data} }

// Dropped is the result of a record that is not wanted.
func (r Record) Dropped() Result { return Result{RecordID: r.RecordID, Result: "Dropped"} }

// Failed is the result of a record that the function can not take.
func (r Record) Failed() Result { return Result{RecordID: r.RecordID, Result: "ProcessingFailed"} }

// Each makes a function that looks at one record at a time.
func Each(f func(Record) Result) Function {
	return Whole(func(e Event) ([]Result, error) {
		results := make([]Result, len(e.Records))
		for i, r := range e.Records {
			results[i] = f(r)
		}
		return results, nil
	})
}

// Whole makes a function that looks at an event.
func Whole(f func(Event) ([]Result, error)) Function {
	return func(payload []byte) ([]byte, error) {
		var e Event
		if err := json.Unmarshal(payload, &e); err != nil {
			return nil, fmt.Errorf("decode the event: %w", err)
		}
		results, err := f(e)
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]any{"records": results})
	}
}
