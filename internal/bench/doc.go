// Bench measures what a byte costs from Kinesis to S3: megabytes of record data for each second of processor time, peak
// memory and allocations of the real program, beside a plain loop of the AWS SDK for Go that throws the data away, on the
// same streams in the same run. The servers run in a process of their own, on loopback.
//
//	go run ./internal/bench         # five cases
//	go run ./internal/bench -all    # record sizes, formats, shards, aggregates, TLS, cores
//	go run ./internal/bench -levels # what a terabyte costs by codec and level
package main
