// Package kinesisfake is Kinesis Data Streams in this process: an http.Handler that speaks the service's wire
// protocol (AWS JSON 1.1) and enforces its rules, so that the real SDK client, the reader and the demo meet the
// same refusals, pages, expiring iterators and vanishing shards as on AWS. Records are kept in compact slabs and
// answers are written by appending, so millions of records are cheap. A faults.Gate in front of it injects faults,
// and a Go API beside the wire (Put, Split, Merge, Records) serves load generators and checkers.
//
// Behaviour follows the Kinesis API reference, https://docs.aws.amazon.com/kinesis/latest/APIReference/, and
// https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html.
package kinesisfake
