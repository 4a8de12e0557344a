package consumer

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"
	chk "github.com/vmware/vmware-go-kcl-v2/clientlibrary/checkpoint"
	par "github.com/vmware/vmware-go-kcl-v2/clientlibrary/partition"

	"standpipe/sink"
)

// leases is the KCL library's Checkpointer: a state machine per shard (free, held, draining) that alone
// decides what this worker owns. Only acquisition and release write; everything else is answered from the
// latest snapshot of the table.
type leases struct {
	me    string
	max   int
	table *Table
	log   zerolog.Logger
	start func(lease Lease) *reader // makes the reader of a lease just acquired
	kick  func()                    // wants a new snapshot soon
	ended func()                    // and a new listing
	app   Application               // set before the first acquisition
	ctx   context.Context           // of calls made for the library, which has none; ended when shutdown must end
	m     *metrics

	trouble *sink.Troubles

	mu       sync.Mutex
	held     map[string]*reader
	draining map[string]bool
	armed    map[string]bool // the event loop has just asked for the checkpoint
	cool     map[string]time.Time
	released map[string]release // since the last scan began
	snap     *Snapshot
	shards   map[string]Shard
	unlisted map[string]time.Time // finished shards that the stream has let go, since when
	outlived map[string]bool      // shards with a child whose row was acquired
	live     liveness
	shape    shape     // of the latest snapshot …
	shaped   time.Time // … and since when it has been the same
	stopping bool
	halting  chan struct{} // closed when stopping
}

// release is an epoch that this worker has given up, and when it was told that the row says so. A scan that
// began before may still show the row as it was.
type release struct {
	epoch int64
	at    time.Time
}

var _ chk.Checkpointer = (*leases)(nil)

var (
	errDraining = errors.New("shard is still draining")
	errNever    = errors.New("not used: the sink commits checkpoints")
)

func (l *leases) Init() error { return nil }

// FetchCheckpoint tells the library only that there is none: where to read from is the reader's business.
func (l *leases) FetchCheckpoint(s *par.ShardStatus) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[s.ID] != nil && s.GetLeaseOwner() != l.me {
		return errDraining // between the library's SetLeaseOwner("") and the end of RemoveLeaseOwner
	}
	if l.held[s.ID] == nil {
		l.armed[s.ID] = true
	}
	s.SetCheckpoint("")
	return chk.ErrSequenceIDNotFound
}

// GetLease acquires a free shard, if the event loop asked for its checkpoint immediately before, or renews
// a held one. A late renewal of a consumer that has ended touches nothing.
func (l *leases) GetLease(s *par.ShardStatus, _ string) error {
	l.mu.Lock()
	armed := l.armed[s.ID]
	delete(l.armed, s.ID)
	if r := l.held[s.ID]; r != nil {
		defer l.mu.Unlock()
		if l.draining[s.ID] || r.epoch.Err() != nil {
			return chk.ErrLeaseNotAcquired{}
		}
		return nil
	}
	if !armed || !l.acquirable(s.ID) {
		l.mu.Unlock()
		return chk.ErrLeaseNotAcquired{}
	}
	row, exists := l.snap.Leases[s.ID]
	sh := l.shards[s.ID]
	l.mu.Unlock()

	var err error
	previous := row.Owner
	if exists {
		row, err = l.table.Acquire(l.ctx, s.ID, row.Epoch, l.me)
	} else {
		row = Lease{Shard: s.ID, Owner: l.me, Epoch: 1, Counter: 1, Checkpoint: firstCheckpoint(sh, l.app), Parents: sh.Parents}
		err = l.table.Create(l.ctx, row)
	}
	if err != nil {
		l.kick() // the row has moved, or may have
		if !errors.Is(err, errConflict) {
			l.mu.Lock()
			l.cool[s.ID] = time.Now().Add(time.Second)
			l.mu.Unlock()
			if l.trouble.Note("acquire lease", s.ID, err) {
				l.log.Warn().Err(err).Str("shard", s.ID).Msg("lease not acquired")
			}
		}
		return chk.ErrLeaseNotAcquired{}
	}
	l.mu.Lock()
	r := l.start(row)
	l.held[s.ID] = r
	l.snap.Leases[s.ID] = row
	stopping := l.stopping
	l.mu.Unlock()
	if stopping { // begun while this acquisition was under way
		r.halt("shutdown")
	}
	l.trouble.Clear("acquire lease", s.ID)
	s.SetLeaseOwner(l.me)
	s.SetLeaseTimeout(time.Now().Add(l.live.failover))
	l.m.acquired.Inc()
	line := l.log.Info().Str("shard", s.ID).Int64("epoch", row.Epoch).Str("checkpoint", row.Checkpoint)
	if previous != "" {
		line = line.Str("previous_owner", previous)
	}
	line.Msg("lease acquired")
	return nil
}

func (l *leases) acquirable(shard string) bool {
	now := time.Now()
	return (l.room(now) || l.orphan(shard)) && l.free(shard, now)
}

// firstCheckpoint is where a shard without a row begins: children born while the application runs at
// their beginning, all others where the first worker's configuration said.
func firstCheckpoint(sh Shard, app Application) string {
	if sh.ID > app.LastShard {
		return trimHorizon
	}
	return app.Start
}

// RemoveLeaseOwner runs at each consumer's end, whatever ended it: it drains the reader, frees the lease
// and only then lets the shard be acquired again.
func (l *leases) RemoveLeaseOwner(shard string) error {
	l.mu.Lock()
	r := l.held[shard]
	if r == nil {
		l.mu.Unlock()
		return nil
	}
	l.draining[shard] = true
	l.mu.Unlock()

	drained := r.drain(l.ctx)
	released := !r.isLost() && !errors.Is(drained, sink.ErrUndecided) && l.release(r)
	l.mu.Lock()
	if released {
		l.released[shard] = release{r.lease.Epoch, time.Now()}
	}
	delete(l.held, shard)
	delete(l.draining, shard)
	if time.Since(r.began) < time.Second {
		l.cool[shard] = time.Now().Add(time.Second)
	}
	if row := l.snap.Leases[shard]; row.Owner == l.me && row.Epoch == r.lease.Epoch {
		row.Owner = ""
		l.snap.Leases[shard] = row
	}
	l.mu.Unlock()
	if r.ended { // without l.mu: the watcher takes its own lock first, then this one
		l.ended()
	}
	l.kick()
	l.log.Info().Str("shard", shard).Int64("epoch", r.lease.Epoch).AnErr("undelivered", drained).Str("cause", r.ending()).Msg("lease given up")
	return nil
}

// release frees the row, a few times if the answer is unclear. If it stays unclear the row may go on
// saying that it is ours; then somebody, perhaps we, acquires it in a new epoch. It says whether the row is
// known not to be ours in this epoch any more.
func (l *leases) release(r *reader) bool {
	for wait := 100 * time.Millisecond; ; wait *= 2 {
		err := l.table.Release(l.ctx, r.lease.Shard, r.lease.Epoch, l.me, r.at, r.fetcher.known)
		if err == nil || errors.Is(err, errConflict) {
			return true
		}
		if wait > 2*time.Second || l.ctx.Err() != nil {
			l.log.Warn().Err(err).Str("shard", r.lease.Shard).Msg("lease not released; it is taken over after the failover time")
			return false
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-l.ctx.Done():
			t.Stop()
		}
	}
}

// CheckpointSequence is refused: nothing may bypass the commit protocol.
func (l *leases) CheckpointSequence(*par.ShardStatus) error { return errNever }

// RemoveLeaseInfo does nothing: a checkpoint is never deleted on the word of one ListShards answer.
func (l *leases) RemoveLeaseInfo(string) error { return nil }

// GetLeaseOwner, ListActiveWorkers and ClaimShard belong to the library's lease stealing, which is off.
func (l *leases) GetLeaseOwner(string) (string, error)      { return "", errNever }
func (l *leases) ClaimShard(*par.ShardStatus, string) error { return errNever }
func (l *leases) ListActiveWorkers(map[string]*par.ShardStatus) (map[string][]*par.ShardStatus, error) {
	return nil, errNever
}

// reader gives the reader of a held shard.
func (l *leases) reader(shard string) *reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held[shard]
}

func (l *leases) readers() []*reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	rs := make([]*reader, 0, len(l.held))
	for _, r := range l.held {
		rs = append(rs, r)
	}
	slices.SortFunc(rs, func(a, b *reader) int {
		if a.lease.Shard < b.lease.Shard {
			return -1
		}
		return 1
	})
	return rs
}

func (l *leases) isStopping() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stopping
}

// stop ends acquisition and all readers.
func (l *leases) stop() {
	l.mu.Lock()
	if !l.stopping {
		l.stopping = true
		close(l.halting)
	}
	l.mu.Unlock()
	haltAll(l.readers(), "shutdown")
}
