package consumer

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	par "github.com/vmware/vmware-go-kcl-v2/clientlibrary/partition"

	"standpipe/internal/dynamofake"
	"standpipe/internal/faults"
	"standpipe/internal/pause"
)

// crowd is workers that live on their own, each with its own watcher's rhythm, event loop and consumers, on a
// table that answers late: every snapshot is of another moment, and old when it is judged.
type crowd struct {
	t     *testing.T
	table *Table
	wg    sync.WaitGroup

	mu     sync.Mutex
	random *rand.Rand
	listed map[string]Shard
	closed map[string]chan struct{} // of each shard: it has ended in the stream
	all    []*walker                // alive
	names  int
	owned  map[string]int // at the last rest
}

// walker is one worker of a crowd.
type walker struct {
	*member
	f    *crowd
	ctx  context.Context
	kill context.CancelFunc

	ends sync.WaitGroup // consumers
	now  sync.Mutex     // one consumer's end or event loop's turn at a time for states

	cuts, handed, acquired int // guarded by f.mu
}

func newCrowd(t *testing.T, shards int, seed uint64) *crowd {
	table, srv := newTable(t, dynamofake.Options{})
	f := &crowd{t: t, table: table, random: rand.New(rand.NewPCG(seed, 1)), listed: map[string]Shard{}, closed: map[string]chan struct{}{}}
	for range shards {
		f.open()
	}
	srv.Control("", func(c faults.Call, next func()) error {
		late := 300 * time.Millisecond
		if c.Op == "Scan" {
			late = 1500 * time.Millisecond
		}
		time.Sleep(f.upTo(300 * time.Millisecond))
		next()
		time.Sleep(f.upTo(late))
		return nil
	})
	return f
}

func (f *crowd) upTo(d time.Duration) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Duration(f.random.Int64N(int64(d)))
}

func (f *crowd) pick(n int) int { return int(f.upTo(time.Duration(n))) }

// open adds a shard to the stream.
func (f *crowd) open(parents ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := shardID(len(f.closed))
	f.listed[id] = Shard{ID: id, Parents: parents}
	f.closed[id] = make(chan struct{})
}

// reshard closes shards, having opened so many children of all of them.
func (f *crowd) reshard(children int, parents ...string) {
	for range children {
		f.open(parents...)
	}
	for _, p := range parents {
		close(f.closed[p])
	}
}

func (f *crowd) list() map[string]Shard {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.listed)
}

// leaves are the shards that have not ended.
func (f *crowd) leaves() (ids []string) {
	for id, c := range f.closed {
		select {
		case <-c:
		default:
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (f *crowd) join(limit int) *walker {
	f.t.Helper()
	f.names++
	name := fmt.Sprintf("w%02d-%d", f.pick(100), f.names) // in no order
	w := &walker{member: newLimited(f.t, f.table, name, f.list(), limit), f: f}
	w.ctx, w.kill = context.WithCancel(f.t.Context())
	f.mu.Lock()
	f.all = append(f.all, w)
	f.mu.Unlock()
	f.wg.Go(func() {
		for pause.For(w.ctx, failover/5) == nil {
			_ = f.table.Beat(w.ctx, name, limit, "")
		}
	})
	f.wg.Go(w.watch)
	f.wg.Go(w.loop)
	return w
}

// watch looks at the table in the watcher's rhythm.
func (w *walker) watch() {
	listed := time.Now()
	for {
		t := time.NewTimer(w.c.watch.period())
		select {
		case <-t.C:
		case <-w.c.watch.kicks:
			_ = pause.For(w.ctx, 100*time.Millisecond)
		case <-w.ctx.Done():
			return
		}
		began := time.Now()
		snap, err := w.table.Snapshot(w.ctx)
		if w.ctx.Err() != nil {
			return
		}
		if err != nil {
			w.t.Error(err)
			return
		}
		if w.endedSince(snap) || time.Since(listed) > listEvery {
			w.shards, listed = w.f.list(), time.Now()
		}
		if err := w.c.watch.see(snap, w.shards, began); err != nil {
			w.t.Error(err)
		}
		rs := w.surplus(time.Now())
		haltAll(rs, "hand-over")
		if len(rs) > 0 {
			w.f.mu.Lock()
			w.cuts++
			w.handed += len(rs)
			w.f.mu.Unlock()
		}
	}
}

func (w *walker) state(id string) *par.ShardStatus {
	w.now.Lock()
	defer w.now.Unlock()
	return w.status(id)
}

// loop is the library's event loop: one acquisition a turn.
func (w *walker) loop() {
	turn := 50 * time.Millisecond
	for pause.For(w.ctx, turn) == nil {
		ids, free := w.candidates()
		if turn = 50 * time.Millisecond; !free {
			turn = 500 * time.Millisecond
			continue
		}
		id := ids[w.f.pick(len(ids))]
		s := w.state(id)
		if s.GetLeaseOwner() == w.me || !isNoCheckpoint(w.FetchCheckpoint(s)) || w.GetLease(s, w.me) != nil {
			continue
		}
		w.f.mu.Lock()
		w.acquired++
		w.f.mu.Unlock()
		r := w.reader(id)
		w.ends.Add(1)
		w.f.wg.Go(func() {
			defer w.ends.Done()
			w.consume(r)
		})
	}
}

// consume reads a shard to its end or until it is given away.
func (w *walker) consume(r *reader) {
	id := r.lease.Shard
	w.f.mu.Lock()
	closed := w.f.closed[id]
	w.f.mu.Unlock()
	if r.lease.Checkpoint != shardEnd {
		select {
		case <-r.reads.Done():
		case <-w.ctx.Done():
			return
		case <-closed:
			_ = pause.For(w.ctx, w.f.upTo(5*time.Second)) // what is left is read, and committed
			if r.reads.Err() == nil {
				_, err := w.table.client.UpdateItem(w.ctx, &dynamodb.UpdateItemInput{TableName: &w.table.name, Key: key(id), UpdateExpression: aws.String("SET checkpoint = :end"),
					ConditionExpression: aws.String("leaseOwner = :me AND leaseEpoch = :epoch"), ExpressionAttributeValues: row{":end": str(shardEnd), ":me": str(w.me), ":epoch": num(r.lease.Epoch)}})
				r.ended = err == nil
			}
		}
	}
	_ = pause.For(w.ctx, w.f.upTo(2*time.Second)) // the batch is cut and promised
	if w.ctx.Err() == nil {
		w.state(id).SetLeaseOwner("")
		_ = w.RemoveLeaseOwner(id)
	}
}

// leave ends a worker as SIGTERM does, die as SIGKILL does.
func (w *walker) leave() {
	w.stop()
	_ = w.table.Leave(w.ctx, w.me)
	w.ends.Wait()
	_ = w.table.Forget(w.ctx, w.me)
	w.die()
}

func (w *walker) die() {
	w.kill()
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	w.f.all = slices.DeleteFunc(w.f.all, func(o *walker) bool { return o == w })
}

// end kills all workers and waits for them.
func (f *crowd) end() {
	for _, w := range slices.Clone(f.all) {
		w.die()
	}
	f.wg.Wait()
	time.Sleep(time.Minute) // what they asked for last is answered to nobody
}

// counts are what each worker has done so far.
func (f *crowd) counts() (cuts, handed map[string]int, acquired int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	cuts, handed = map[string]int{}, map[string]int{}
	for _, w := range f.all {
		cuts[w.me], handed[w.me] = w.cuts, w.handed
		acquired += w.acquired
	}
	return cuts, handed, acquired
}

// rest waits until nothing has moved for ten seconds, and wants every shard read by one worker and the workers within
// one of each other, but for those at their limit.
func (f *crowd) rest(what string) {
	f.t.Helper()
	begin := time.Now()
	_, last, n := f.counts()
	for quiet := 0; quiet < 10; quiet++ {
		time.Sleep(time.Second)
		_, handed, acquired := f.counts()
		if acquired != n || !maps.Equal(handed, last) || f.owners() != len(f.leaves()) {
			quiet = 0
		}
		n, last = acquired, handed
		if time.Since(begin) > 3*time.Minute {
			f.t.Fatalf("%s: not at rest after %v: %v of %d", what, time.Since(begin), f.owned, len(f.leaves()))
		}
	}
	least, most := 1<<30, 0
	for _, w := range f.all {
		own := f.owned[w.me]
		if w.max == 0 || own < w.max {
			least = min(least, own)
		}
		if most = max(most, own); w.max > 0 && own > w.max {
			f.t.Errorf("%s: %s owns %d, at most %d", what, w.me, own, w.max)
		}
	}
	if most > least+1 {
		f.t.Errorf("%s: spread %v", what, f.owned)
	}
}

// owners counts the unfinished shards with a living owner.
func (f *crowd) owners() (n int) {
	f.owned = map[string]int{}
	for _, w := range f.all {
		f.owned[w.me] = 0
	}
	snap, err := f.table.Snapshot(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	for _, row := range snap.Leases {
		if _, lives := f.owned[row.Owner]; lives && row.Checkpoint != shardEnd {
			f.owned[row.Owner]++
			n++
		}
	}
	return n
}

// after makes a change, waits for rest, and wants that each worker cut at most so often, and that it handed
// over just what it has less than before.
func (f *crowd) after(what string, most int, exact bool, change func()) {
	f.t.Helper()
	owned := f.owned
	cuts, handed, _ := f.counts()
	begin := time.Now()
	change()
	f.rest(what)
	after, gave, _ := f.counts()
	total := 0
	for w, n := range after {
		total += gave[w] - handed[w]
		if n-cuts[w] > most {
			f.t.Errorf("%s: %s cut %d times, at most %d", what, w, n-cuts[w], most)
		}
		if exact && gave[w]-handed[w] != max(0, owned[w]-f.owned[w]) {
			f.t.Errorf("%s: %s handed over %d, had %d and has %d", what, w, gave[w]-handed[w], owned[w], f.owned[w])
		}
	}
	f.t.Logf("%s: at rest after %v, %d handed over", what, time.Since(begin).Round(time.Second), total)
}

// long: STANDPIPE_LONG=1 asks for larger crowds and more seeds. With -race they take minutes.
func long() bool { return os.Getenv("STANDPIPE_LONG") != "" }

// Workers that judge by snapshots of different moments spread the shards to within one of each other; for each change
// each worker that has too much cuts once, by just that much, and then nothing moves.
func TestEachChangeCostsOneCutAWorker(t *testing.T) {
	crowds := []struct{ workers, shards, seeds int }{{1, 5, 1}, {5, 2, 1}, {4, 15, 1}}
	if long() {
		crowds = []struct{ workers, shards, seeds int }{{1, 5, 3}, {2, 41, 3}, {7, 3, 2}, {7, 45, 2}, {20, 64, 1}}
	}
	for _, c := range crowds {
		for seed := range uint64(c.seeds) {
			t.Run(fmt.Sprintf("%d workers %d shards %d", c.workers, c.shards, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newCrowd(t, c.shards, seed)
					defer f.end()
					for range c.workers {
						f.join(0)
					}
					f.rest("start")
					f.after("a join", 1, true, func() { f.join(0) })
					f.after("a leave", 0, true, func() { f.all[f.pick(len(f.all))].leave() })
					f.after("three joins at once", 1, true, func() {
						for range 3 {
							f.join(0)
						}
					})
					f.after("a death", 0, true, func() { f.all[f.pick(len(f.all))].die() })
					f.after("a join with a limit", 1, true, func() { f.join(2) })
					f.after("a split", 0, false, func() { f.reshard(2, f.leaves()[0]) })
					f.after("a merge", 1, false, func() { f.reshard(1, f.leaves()[:2]...) })
					f.after("all split", 0, false, func() {
						for _, id := range f.leaves() {
							f.reshard(2, id)
						}
					})
					f.after("all merge", 1, false, func() {
						ids := f.leaves()
						for i := 0; i+1 < len(ids); i += 2 {
							f.reshard(1, ids[i], ids[i+1])
						}
					})
					f.after("nothing", 0, true, func() { time.Sleep(time.Minute) })
				})
			})
		}
	}
}

// Changes come faster than they settle: in the end all is spread, and no worker has cut more often than the
// number of changes.
func TestManyChangesAtOnce(t *testing.T) {
	seeds := uint64(1)
	if long() {
		seeds = 6
	}
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			f := newCrowd(t, 30, seed)
			defer f.end()
			for range 5 {
				f.join(0)
			}
			f.rest("start")
			const changes = 12
			f.after("changes", changes, false, func() {
				for range changes {
					time.Sleep(f.upTo(6 * time.Second))
					switch n := f.pick(6); {
					case n == 0 && len(f.all) > 2:
						w := f.all[f.pick(len(f.all))]
						w.leave()
					case n == 1 && len(f.all) > 2:
						f.all[f.pick(len(f.all))].die()
					case n == 2:
						f.join(f.pick(9) + 12)
					case n == 3:
						f.reshard(2, f.leaves()[f.pick(len(f.leaves()))])
					case n == 4:
						f.reshard(1, f.leaves()[:2]...)
					default:
						f.join(0)
					}
				}
			})
		})
	}
}
