// Command standpipe carries the records of a Kinesis data stream into S3, every record exactly once. It is
// a wire between the command line and the packages that do the work: config says what is wanted, consumer
// reads under leases, sink writes. A file here is a subcommand, or what several of them share.
package main
