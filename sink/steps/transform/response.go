package transform

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"

	"standpipe/partition"
	"standpipe/sink"
)

// Firehose's codes and messages for what a response says of single records.
// https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html
const (
	jsonFailed     = "Lambda.JsonProcessingException"
	jsonFailedText = "There was an error parsing returned records from the Lambda function. Ensure that the returned records follow the status model required by Amazon Data Firehose."
	missing        = "Lambda.MissingRecordId"
	missingText    = "One or more record Ids were not returned. Ensure that the Lambda function returns all received record Ids."
	duplicated     = "Lambda.DuplicatedRecordId"
	duplicatedText = "Multiple records were returned with the same record Id. Ensure that the Lambda function returns a unique record Id for each record."
	statusFailed   = "Lambda.ProcessingFailedStatus"
	statusText     = "ProcessingFailed status set for record"
	badFormat      = "Lambda.InvalidReturnFormat"
	badResultText  = "Check your function and make sure the output is in required format. In addition to that, make sure the processed records contain valid result status of Dropped, Ok, or ProcessingFailed"
	noDataText     = "The data field cannot be null when the SourceType is DirectPut or KinesisStreamAsSource and processing result is Ok. The value field cannot be null when the SourceType is MSKAsSource and processing result is Ok."
	badDataText    = "The data field must be a string of base64."
)

// longestName is how much of a partition key's name a message shows in bytes.
const longestName = 32

// verdict is what the response says of one record.
type verdict struct {
	given  int // how often it is there
	result string
	data   jsonValue
	meta   jsonValue
}

// apply gives what becomes of a group's records.
func (a *answer) apply(g *group) []sink.Record {
	var verdicts []verdict
	if a.code == "" {
		var ok bool
		if verdicts, ok = a.read(g); !ok {
			a.code, a.message = jsonFailed, jsonFailedText
		}
	}
	list := make([]sink.Record, 0, len(g.entries))
	for i := range g.entries {
		e := &g.entries[i]
		switch {
		case e.id == "":
			list = append(list, e.rec)
		case a.code != "":
			list = append(list, a.failed(e, a.code, a.message))
		default:
			if rec, ok := a.settle(e, &verdicts[i]); ok {
				list = append(list, rec)
			}
		}
	}
	return list
}

// read finds what the response says of the entries that were sent; what it says of others is ignored. It says false for
// a response that is no JSON object.
func (a *answer) read(g *group) ([]verdict, bool) {
	response, ok := parseJSON(a.response)
	if !ok || !response.isObject() {
		return nil, false
	}
	verdicts := make([]verdict, len(g.entries))
	response.member("records").elements(func(r jsonValue) {
		var id, result, data, meta jsonValue
		r.members(func(name string, value jsonValue) {
			switch name {
			case "recordId":
				id = value
			case "result":
				result = value
			case "data":
				data = value
			case "metadata":
				meta = value
			}
		})
		text, _ := id.text()
		if i, sent := g.at[text]; sent {
			v := &verdicts[i]
			v.given++
			v.result, _ = result.text()
			v.data, v.meta = data, meta
		}
	})
	return verdicts, true
}

// settle gives what becomes of a record, false if it is dropped.
func (a *answer) settle(e *entry, v *verdict) (sink.Record, bool) {
	switch {
	case v.given == 0:
		return a.failed(e, missing, missingText), true
	case v.given > 1:
		return a.failed(e, duplicated, duplicatedText), true
	}
	switch v.result {
	case "Dropped":
		return sink.Record{}, false
	case "ProcessingFailed":
		return a.failed(e, statusFailed, statusText), true
	case "Ok":
	default:
		return a.failed(e, badFormat, badResultText), true
	}
	if v.data.isNull() {
		return a.failed(e, badFormat, noDataText), true
	}
	text, ok := v.data.text()
	data, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil {
		return a.failed(e, badFormat, badDataText), true
	}
	keys, problem := partitionKeys(v.meta)
	if problem != "" {
		rec := a.failed(e, "DynamicPartitioning.MetadataExtractionFailed", problem)
		rec.Failure.Type = "metadata-extraction-failed"
		return rec, true
	}
	rec := e.rec
	if rec.Raw == nil {
		if rec.Raw = rec.Data; rec.Raw == nil {
			rec.Raw = []byte{}
		}
	}
	rec.Data = data
	rec.Keys = append(slices.Clip(rec.Keys), keys...)
	return rec, true
}

// failed gives a record to the error output as it came.
func (a *answer) failed(e *entry, code, message string) sink.Record {
	rec := e.rec
	rec.Failure = a.step.fail(code, message, a.attempts)
	return rec
}

// partitionKeys gives those that the function returned with a record, or says what is wrong with them.
// https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html
func partitionKeys(meta jsonValue) (keys []sink.KeyValue, problem string) {
	if meta.isNull() {
		return nil, ""
	}
	if !meta.isObject() {
		return nil, "The metadata that the Lambda function returned is no object."
	}
	given := meta.member("partitionKeys")
	if given.isNull() {
		return nil, ""
	}
	if !given.isObject() {
		return nil, "The partitionKeys that the Lambda function returned are no object."
	}
	at := make(map[string]int) // a name that is given twice has its last value
	given.members(func(name string, value jsonValue) {
		if value.isNull() {
			return // as if it were not there
		}
		text, ok := value.text()
		if !ok {
			problem = fmt.Sprintf("The value of partition key %s that the Lambda function returned is no string.", strconv.QuoteToASCII(name[:min(len(name), longestName)]))
			return
		}
		i, again := at[name]
		if !again {
			i = len(keys)
			at[name] = i
			keys = append(keys, sink.KeyValue{Key: partition.Key{Source: partition.Lambda, Name: name}})
		}
		keys[i].Value = partition.Clip(text)
	})
	return keys, problem
}
