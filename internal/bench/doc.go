// Bench measures what a byte costs from Kinesis to S3: megabytes of record data for each second of processor time, peak
// memory and allocations of the real program, beside plain loops of the AWS SDK for Go that throw the data away, on the
// same streams in the same run. The servers run in a process of their own, on loopback. It also measures how that grows with
// shards, paths and sizes of records, and how soon a record can be seen in S3.
//
//	go run ./internal/bench            # speed, five cases
//	go run ./internal/bench -all       # record sizes, formats, shards, aggregates, TLS, cores
//	go run ./internal/bench -levels    # what a terabyte costs by codec and level
//	go run ./internal/bench -curves    # cost against shards, paths and record size; an idle worker
//	go run ./internal/bench -latency   # from the put to the object, with the service's limits and answers that take time
//
// With -doc docs/performance.md each table takes the place of the one that the file has of it.
package main
