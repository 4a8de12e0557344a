// Package status says how an application of Standpipe is: its shards, workers, batches and commits, and a verdict in words.
// One form, Snapshot, serves the status page, /status and `standpipe status`: a worker fills it from what it does and from
// the lease table, the command from the lease table alone. What other workers do comes from their reports, of which each
// heartbeat carries one, since workers often can not reach each other.
//
// A Board samples counters every 10 s into a ring of fixed size; everything else is looked up when somebody asks.
package status
