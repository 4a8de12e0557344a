// Package kinesistest is the contract of Kinesis Data Streams as a test suite: what our code relies on and what
// must hold alike on AWS, on kinesis-local and on our in-process fake. Run walks it against any server that can give a fresh
// stream. The package also builds KPL aggregates, sound and broken, as test data for whoever de-aggregates them.
package kinesistest
