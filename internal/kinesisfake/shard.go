package kinesisfake

import (
	"fmt"
	"sync"
	"time"
)

// shard is one shard of a stream. What mu does not guard never changes after its creation.
type shard struct {
	num              uint32
	id               string
	parent, adjacent string
	lo, hi           hashKey
	epoch            uint64
	created          int64 // Unix milliseconds

	mu        sync.Mutex
	closed    int64 // Unix milliseconds; 0: open
	closing   sequence
	children  []*shard
	log       recordLog
	horizon   uint64 // index of the oldest record that is not trimmed
	lastMs    int64
	reads     readMeter
	iterators callMeter
	writes    writeMeter
	calls     int
}

func shardID(num uint32) string { return fmt.Sprintf("shardId-%012d", num) }

func newShard(num uint32, lo, hi hashKey, epoch uint64, created int64) *shard {
	return &shard{num: num, id: shardID(num), lo: lo, hi: hi, epoch: epoch, created: created, lastMs: created}
}

func (sh *shard) sequenceOf(index uint64, ms int64) sequence {
	return sequence{epoch: sh.epoch, shard: sh.num, index: index + 1, seconds: uint64(ms / 1000)}
}

func (sh *shard) start() sequence {
	return sequence{epoch: sh.epoch, shard: sh.num, seconds: sh.epoch}
}

// append stores a record. Arrival times within a shard do not decrease, even if the clock does.
func (sh *shard) append(now time.Time, key string, data []byte) sequence {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.lastMs = max(sh.lastMs, now.UnixMilli())
	sh.log.append(sh.lastMs, key, data)
	return sh.sequenceOf(sh.log.n-1, sh.lastMs)
}

// close ends the shard in favour of its children.
func (sh *shard) close(ms int64, children ...*shard) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.closed = max(ms, sh.lastMs)
	sh.closing = sequence{epoch: sh.epoch, shard: sh.num, index: lastIndex, seconds: uint64(sh.closed / 1000)}
	sh.children = children
}

func (sh *shard) closedAt() int64 {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.closed
}

// expired says whether the shard was closed so long ago that none of its records can be left.
func (sh *shard) expired(cutoff int64) bool {
	closed := sh.closedAt()
	return closed != 0 && closed <= cutoff
}

// trim drops from sight what arrived at cutoff or before. The caller holds mu.
func (sh *shard) trim(cutoff int64) {
	sh.horizon = sh.log.firstAt(sh.horizon, cutoff+1)
}
