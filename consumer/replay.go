package consumer

import (
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// Replay limits a consumer to the records that arrived in a time, [From, To), both rounded up to the millisecond, in which
// Kinesis counts. Its application's first start decides;
// whoever comes later must ask for the same Name and goes on with the To that is stored. A shard whose records of
// that time are all in batches gets the checkpoint SHARD_END, as one that has ended, in the transaction that commits
// the last of them: so a replay that was interrupted goes on, and one that is done stays done.
//
// Kinesis promises neither that arrival times are right nor that they only grow within a shard (GetRecords, Amazon
// Kinesis API reference). So reading begins Margin before From, and a shard is finished when a record arrived Margin
// after To, or when the shard holds nothing more and Margin has passed since To. What is further out of order than
// that may be missed.
type Replay struct {
	Name     string        // what is replayed, for people; not empty
	From, To time.Time     // To must not lie in the future
	Margin   time.Duration // how far arrival times in a shard may be out of order
	Share    float64       // how much to take of the calls and bytes that a shard gives all its readers; 0 = 1, all
	Ahead    time.Duration // how far Kinesis' clock is ahead of this machine's
}

// replay is a Replay under way. The methods that have to do with it work on nil too, which limits nothing.
type replay struct {
	Replay   // but To
	complete chan struct{}

	mu      sync.Mutex
	to      time.Time            // in the end the one that the first start has set
	at      map[string]time.Time // by shard: what had arrived before is read by this worker
	records int64                // read by this worker, again after a batch was dropped
	bytes   int64
	done    bool
}

func newReplay(r *Replay) *replay {
	if r == nil {
		return nil
	}
	p := &replay{Replay: *r, to: wholeMillis(r.To), complete: make(chan struct{}), at: map[string]time.Time{}}
	p.From = wholeMillis(r.From)
	return p
}

// wholeMillis rounds up: what arrived in no earlier a millisecond is the same.
func wholeMillis(t time.Time) time.Time {
	if down := t.Truncate(time.Millisecond); !down.Equal(t) {
		return down.Add(time.Millisecond)
	}
	return t
}

// start is the position at which shards begin that are there at the first start.
func (p *replay) start() string { return p.From.Add(-p.Margin).UTC().Format(time.RFC3339Nano) }

// filter leaves out shards that had ended before the time: nobody has to wait for them.
func (p *replay) filter() *types.ShardFilter {
	if p == nil {
		return nil
	}
	from := p.From.Add(-p.Margin)
	return &types.ShardFilter{Type: types.ShardFilterTypeFromTimestamp, Timestamp: &from}
}

// describe adds what the first start stores.
func (p *replay) describe(app *Application) {
	if p != nil {
		app.Replay, app.Until = p.Name, p.until()
	}
}

// goOn takes over what the first start has stored.
func (p *replay) goOn(app Application) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to = app.Until
}

// otherReplay says why an application can not be used for what is wanted; "" is to read on and on.
func otherReplay(known, wanted string) error {
	switch {
	case known == "":
		return fmt.Errorf("it belongs to workers that read on and on, and a replay needs an application of its own: name another one with --application")
	case wanted == "":
		return fmt.Errorf("it belongs to a replay (%s), and holds its checkpoints: name another leases.application or leases.table", known)
	}
	return fmt.Errorf("it belongs to another replay (%s; this one is %s): name another application with --application", known, wanted)
}

func (p *replay) until() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.to
}

// over is closed when every shard is finished.
func (p *replay) over() <-chan struct{} {
	if p == nil {
		return nil
	}
	return p.complete
}

// since is from when on everything in a shard must be read, for the report of what left the retention unread; zero for a
// shard with a parent that the stream still lists, since it was born within the retention.
func (p *replay) since(sh Shard, listed map[string]Shard, created time.Time) time.Time {
	if p == nil {
		return time.Time{}
	}
	for _, parent := range sh.Parents {
		if _, there := listed[parent]; there {
			return time.Time{}
		}
	}
	if created.After(p.From) {
		return created
	}
	return p.From
}

// limit takes out of an answer that was asked for at a time what did not arrive in the replay's, and ends the shard when
// nothing more of that will come. Positions move with the records that are left, so what is left out is read again, and
// left out again, by whoever goes on.
func (f *fetcher) limit(a *answer, asked time.Time) {
	p := f.replay
	if p == nil {
		return
	}
	to := p.until()
	past := to.Add(p.Margin)
	var at time.Time // what had arrived before is read
	var bytes int
	kept := a.records[:0]
	for _, k := range a.records {
		if k.Arrival.After(at) {
			at = k.Arrival
		}
		if !k.Arrival.Before(p.From) && k.Arrival.Before(to) {
			kept = append(kept, k)
			bytes += len(k.Data)
		}
	}
	clear(a.records[len(kept):])
	a.records = kept
	if a.behind == 0 && !a.end {
		at = asked.Add(p.Ahead)
	}
	a.end = a.end || !at.Before(past)
	gap := a.gap
	if gap == nil {
		gap = f.gap
	}
	if gap != nil && !gap.From.Before(to) {
		gap = nil
	}
	if a.gap, f.gap = gap, nil; len(kept) == 0 && !a.end { // this answer goes to nobody
		a.gap, f.gap = nil, gap
	}
	if a.behind > 0 && p.Share > 0 && p.Share < 1 {
		f.due = asked.Add(time.Duration(float64(f.due.Sub(asked)) / p.Share))
	}
	p.note(f.shard, at, len(kept), bytes)
}

// note keeps how far a shard is read.
func (p *replay) note(shard string, at time.Time, records, bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at.After(p.at[shard]) {
		p.at[shard] = at
	}
	p.records += int64(records)
	p.bytes += int64(bytes)
}
