// Package sink gathers records of many shards into batches, writes them to S3 as invisible multipart
// uploads, and makes each batch visible exactly once by an intent in the lease table. It knows shards only
// by name, epoch and position, and the lease table only as a Ledger; it knows nothing of the KCL.
//
// The way of a record: a Reading (one shard, in one lease epoch) appends whole GetRecords answers to the
// open batch of its lane; lines collect in objects, one per output and path, and leave for S3 as parts. A
// lane cuts its batch by size, age or need and commits it: close, intent, complete, advance. Whoever finds
// the intent of a worker that is gone carries it out by the same code.
package sink
