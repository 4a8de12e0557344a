// Package consumer reads the shards of a Kinesis stream under leases in DynamoDB and gives what it reads to
// a sink. vmware-go-kcl-v2 finds the shards and runs a goroutine for each; three pieces of ours stand around
// it: the lease table with its epochs, heartbeats and transactions (Table, leases), the reader behind the
// library's Kinesis client (virtual iterators), and the record processor.
//
// The library is trusted with nothing else: it never sees a user's bytes, never writes a checkpoint and
// never decides who owns a shard.
package consumer
