// Package outages proves the promise on processes: workers as the built binary, against DynamoDB Local, versitygw and
// the Kinesis fake over loopback, while records come in and shards are split and merged. Servers go away and come
// back, cables between one worker and one server are pulled, workers are killed, frozen and restarted; at the end an
// independent reader finds each record exactly once in each output. It has no code of its own.
package outages
