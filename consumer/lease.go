package consumer

import (
	"errors"
	"time"

	"standpipe/sink"
)

// What a checkpoint may say besides a sequence number, in the words of the KCL.
const (
	trimHorizon = "TRIM_HORIZON"
	latest      = "LATEST"
	atTimestamp = "AT_TIMESTAMP"
	shardEnd    = sink.ShardEnd
)

// Lease is a shard's row.
type Lease struct {
	Shard      string
	Owner      string    // "" = free
	Epoch      int64     // grows with each acquisition, and when a batch is undone
	Counter    int64     // the KCL's leaseCounter; ours moves only at acquisition
	Checkpoint string    // everything up to here is in S3
	Within     int64     // how many user records of the one at Checkpoint are delivered; 0 = all, always so in our own rows
	Time       time.Time // arrival of the record at Checkpoint; zero when it is not known
	IdleAt     string    // at this checkpoint the shard was seen to hold nothing more …
	IdleTime   time.Time // … up to this time, when its last owner let it go
	Pending    string    // the batch that is promised for this shard, "" = none
	PendingTo  string    // the checkpoint once that batch has advanced
	Parents    []string
}

// Heartbeat is a worker's row. A worker is alive from its first Beat on, while its Beat moves.
type Heartbeat struct {
	Worker    string
	Beat      int64
	MaxLeases int  // 0 = no limit
	Leaving   bool // it acquires nothing more, and gives up what it has

	// Report is what the worker says of itself for people, as its Options.Report made it; "" when it says nothing. It comes
	// from another process, perhaps of another version, so nothing may be decided by it.
	Report string
}

// Application is the row that remembers what the first worker found when it started.
type Application struct {
	Stream    string
	Created   time.Time // the stream's creation time: a stream made anew has the same shard ids
	Start     string    // the checkpoint that shards begin with: TRIM_HORIZON or AT_TIMESTAMP@<RFC 3339>
	LastShard string    // shards with a higher id were born later and begin with TRIM_HORIZON
	Replay    string    // what a replay replays, "" for workers that read on and on
	Until     time.Time // of a replay: records that arrived then or later are left out
}

// BatchRef is a batch item as a snapshot sees it.
type BatchRef struct {
	ID    string
	Owner string
}

// Snapshot is the table at one moment, strongly consistent row by row.
type Snapshot struct {
	Leases      map[string]Lease
	Workers     map[string]Heartbeat
	Batches     map[string]BatchRef
	Application *Application
	Damaged     map[string]error // rows that can not be trusted, by key; each a *DamagedError or *NewerError. They are nowhere else but in Batches
}

// errConflict: a write's condition did not hold, so it changed nothing.
var errConflict = errors.New("condition does not hold")

// startTime gives the time of an AT_TIMESTAMP@… checkpoint.
func startTime(checkpoint string) (time.Time, bool) {
	if len(checkpoint) <= len(atTimestamp) || checkpoint[:len(atTimestamp)+1] != atTimestamp+"@" {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, checkpoint[len(atTimestamp)+1:])
	return t, err == nil
}

func startAt(t time.Time) string { return atTimestamp + "@" + t.UTC().Format(time.RFC3339Nano) }
