// Package kinesistest is the contract of Kinesis Data Streams as a test suite: what our code relies on and what
// must hold alike on AWS, on kinesis-local and on our in-process fake. Run walks it against any server that can give a fresh
// stream. The package also builds KPL aggregates, sound and broken, and what CloudWatch Logs sends, as test data for whoever
// takes them apart.
package kinesistest
