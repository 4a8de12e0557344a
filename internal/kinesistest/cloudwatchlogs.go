package kinesistest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
)

// LogEvents is what a CloudWatch Logs subscription puts into a stream for log events with these messages.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
func LogEvents(messages ...string) []byte { return Gzip(LogEnvelope("DATA_MESSAGE", messages...)) }

// LogControl is what CloudWatch Logs puts into a stream to see whether it can.
func LogControl() []byte {
	return Gzip(LogEnvelope("CONTROL_MESSAGE", "CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."))
}

// LogEnvelope is the JSON in either.
func LogEnvelope(messageType string, messages ...string) []byte {
	type event struct {
		ID        string `json:"id"`
		Timestamp int64  `json:"timestamp"`
		Message   string `json:"message"`
	}
	events := []event{}
	for i, m := range messages {
		events = append(events, event{fmt.Sprintf("3953%052d", i), 1675146135164 + int64(i), m})
	}
	data, err := json.Marshal(map[string]any{
		"messageType": messageType, "owner": "123456789012", "logGroup": "API-Gateway-Execution-Logs_abc/prod", "logStream": "8d9d8f3a",
		"subscriptionFilters": []string{"to-kinesis"}, "logEvents": events,
	})
	if err != nil {
		panic(err) // nothing in it can fail
	}
	return data
}

// Gzip is data as one gzip member.
func Gzip(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data) // to memory
	_ = w.Close()
	return b.Bytes()
}
