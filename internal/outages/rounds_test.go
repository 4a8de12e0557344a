//go:build unix

package outages

import (
	"fmt"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// outage is a time in which something is gone.
type outage struct {
	what   string
	length time.Duration
	begin  func()
	load   func() error // what comes in besides, nil: nothing
	end    func()
	hit    []*worker // that must be red meanwhile by /readyz
	moves  string    // a counter that grows meanwhile, on each worker that is hit, or on any where none must be red
	waits  bool      // records wait for their commit meanwhile, which standpipe_oldest_uncommitted_seconds shows
}

const (
	pollEvery    = 250 * time.Millisecond
	recoverLimit = 30 * time.Second // until all that was put during an outage is delivered, and every worker is green
	hangLimit    = 45 * time.Second // the same after silence: an answer of S3 is waited for 30 s
	linesASecond = 10               // logged by one worker, at most
	linesAtOnce  = 60               // besides
)

// suffer lets an outage happen and looks at the workers as an operator would.
func (w *world) suffer(o outage) {
	w.Helper()
	before, logged := w.scrapes(), map[*worker]int{}
	for _, k := range w.running() {
		logged[k] = k.lines()
	}
	w.say("%s: begins", o.what)
	o.begin()
	began := time.Now()
	red, oldest := map[*worker]string{}, 0.0
	var load errgroup.Group
	if o.load != nil {
		load.Go(o.load)
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for time.Since(began) < o.length {
		<-tick.C
		w.alive()
		for _, k := range w.running() {
			if why := k.ready(w.Context()); why != "" && red[k] == "" {
				red[k] = why
				w.say("%s: %s is not ready: %s", o.what, k.name, clip(why))
			}
			if g, err := k.scrape(w.Context()); err == nil {
				oldest = max(oldest, g["standpipe_oldest_uncommitted_seconds"])
			}
		}
	}
	w.must(load.Wait())
	after := w.scrapes()
	o.end()
	length := time.Since(began)
	w.say("%s: ends after %.1f s, the oldest record had waited %.1f s", o.what, length.Seconds(), oldest)
	for _, k := range o.hit {
		if red[k] == "" {
			w.Errorf("%s: /readyz of %s did not become red", o.what, k.name)
		}
	}
	w.moved(o, before, after)
	if least := (o.length - 2*interval - pollEvery).Seconds() / 2; o.waits && oldest < least {
		w.Errorf("%s: standpipe_oldest_uncommitted_seconds rose to %.1f only, want %.1f", o.what, oldest, least)
	}
	limit := recoverLimit
	if strings.Contains(o.what, string(hanging)) {
		limit = hangLimit
	}
	w.recovered(o.what, limit)
	for k, n := range logged {
		if most := linesAtOnce + linesASecond*int(time.Since(began).Seconds()); k.lines()-n > most {
			w.Errorf("%s: %s logged %d lines, more than %d", o.what, k.name, k.lines()-n, most)
		}
	}
}

// scrapes reads the metrics of those that answer.
func (w *world) scrapes() map[*worker]gauges {
	all := map[*worker]gauges{}
	for _, k := range w.running() {
		if g, err := k.scrape(w.Context()); err == nil {
			all[k] = g
		}
	}
	return all
}

// moved looks whether the alarm's counter has grown.
func (w *world) moved(o outage, before, after map[*worker]gauges) {
	w.Helper()
	any := false
	for k, g := range after {
		if g[o.moves] > before[k][o.moves] {
			any = true
			continue
		}
		for _, hit := range o.hit {
			if hit == k {
				w.Errorf("%s: %s of %s did not grow from %v", o.what, o.moves, k.name, g[o.moves])
			}
		}
	}
	if !any && o.moves != "" {
		w.Errorf("%s: %s grew on no worker", o.what, o.moves)
	}
}

// recovered waits until everything put so far is in the bucket and every worker is ready.
func (w *world) recovered(what string, limit time.Duration) {
	w.Helper()
	mark, began := w.truth.count(), time.Now()
	limit = w.stretched(limit)
	took := w.eventually("after "+what+": records put until its end are in the bucket", limit, func() string { return w.delivered(mark) })
	w.eventually("after "+what+": every worker is ready", max(limit-time.Since(began), time.Second), w.allReady)
	var peak, used float64
	for _, k := range w.running() {
		k.mu.Lock()
		if k.sick != "" {
			w.Errorf("%s: /healthz of %s was red: %s", what, k.name, k.sick)
		}
		peak, used = max(peak, k.peak), max(used, k.used)
		if k.peak > residentLimit {
			w.Errorf("%s: %s had %.0f MiB resident, more than %d", what, k.name, k.peak/(1<<20), residentLimit>>20)
		}
		k.mu.Unlock()
	}
	w.say("%s: %d records are in the bucket %.1f s after its end, all workers are ready after %.1f s; at most %.0f MiB resident, %.0f MiB of the budget used",
		what, mark, took.Seconds(), time.Since(began).Seconds(), peak/(1<<20), used/(1<<20))
}

// storeGone stops S3, with a burst of records that do not fit into the workers' memory. Killed, it comes back on its
// folder; else it hangs.
func (w *world) storeGone(killed bool, length time.Duration) {
	o := outage{what: "S3 is killed", length: length, load: w.burst, moves: "standpipe_retries_total s3", waits: true}
	if length > time.Minute+interval {
		o.hit = w.running() // an operation has failed for a minute
	}
	o.begin = func() {
		w.at.store.Store(nil)
		w.store.Kill()
	}
	o.end = func() {
		w.store.Start(w)
		w.point()
	}
	if !killed {
		o.what, o.moves = "S3 is hanging", ""
		o.begin = func() { w.must(w.store.Process().Signal(syscall.SIGSTOP)) }
		o.end = func() { w.must(w.store.Process().Signal(syscall.SIGCONT)) }
	}
	w.suffer(o)
	var used float64
	for _, k := range w.running() {
		k.mu.Lock()
		used = max(used, k.used)
		k.mu.Unlock()
	}
	if w.long && used < budget*3/4 {
		w.Errorf("%s: no worker came to the end of its budget: at most %.0f MiB were used", o.what, used/(1<<20))
	}
}

// burst puts more at once than the workers may hold.
func (w *world) burst() error {
	bytes := 48 << 20
	if w.long {
		bytes *= 2
	}
	for range bytes / burstRecord {
		if err := w.truth.put(burstRecord); err != nil {
			return err
		}
	}
	return nil
}

const burstRecord = 100 << 10

// tablesGone stops DynamoDB.
func (w *world) tablesGone(killed bool, length time.Duration) {
	o := outage{what: "DynamoDB is killed", length: length, hit: w.running(), moves: "standpipe_read_retries_total dynamodb", waits: true}
	o.begin = func() {
		w.at.tables.Store(nil)
		w.tables.Kill()
	}
	o.end = func() {
		w.tables.Start(w)
		w.point()
	}
	if !killed {
		o.what = "DynamoDB is hanging"
		o.begin = func() { w.must(w.tables.Process().Signal(syscall.SIGSTOP)) }
		o.end = func() { w.must(w.tables.Process().Signal(syscall.SIGCONT)) }
	}
	w.suffer(o)
}

// streamGone stops Kinesis. Shards are listed every 10 s, which is when a worker becomes red.
func (w *world) streamGone(length time.Duration) {
	w.suffer(outage{what: "Kinesis is gone", length: max(length, 12*time.Second), hit: w.running(), moves: "standpipe_read_retries_total kinesis",
		begin: w.stream.stop, end: w.stream.start})
}

// cablesCut pulls one worker's cable to each server, each in another way. Which worker, and in which ways, is drawn.
func (w *world) cablesCut(length time.Duration) {
	ways := []state{refusing, hanging, cutting}
	draw := func() state { return ways[w.rng.IntN(len(ways))] }
	all := w.running()
	w.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	a, b, c := all[0], all[1], all[2]
	toTables, toStore, toStream := draw(), draw(), draw()
	if !w.long && toStore == hanging {
		toStore = cutting // the other would take another half minute
	}
	o := outage{length: length, hit: all[:1], moves: "standpipe_read_retries_total dynamodb",
		what: strings.Join([]string{"cables", string(toTables), a.name + " to DynamoDB,", string(toStore), b.name + " to S3,", string(toStream), c.name + " to Kinesis"}, " ")}
	if toTables == cutting {
		o.hit = nil // a scan that gets through is as good as any
	}
	o.begin = func() {
		a.dynamo.set(toTables)
		b.s3.set(toStore)
		c.kinesis.set(toStream)
	}
	o.end = func() {
		a.dynamo.set(passing)
		b.s3.set(passing)
		c.kinesis.set(passing)
	}
	w.suffer(o)
}

// frozenAndKilled stops one worker for longer than the failover time, and kills another one meanwhile, in the middle
// of a commit where it makes one.
func (w *world) frozenAndKilled() {
	frozen := w.pick()
	w.say("SIGSTOP to %s", frozen.name)
	w.must(frozen.freeze())
	began := time.Now()
	w.kill(frozen)
	w.start()
	least := began.Add(2 * failover)
	w.eventually("the others take over from "+frozen.name, w.stretched(recoverLimit), func() string {
		if n := w.held(frozen); n > 0 || time.Now().Before(least) {
			return fmt.Sprintf("it has %d leases", n)
		}
		return ""
	})
	w.say("SIGCONT to %s after %.1f s; the others have taken over", frozen.name, time.Since(began).Seconds())
	w.must(frozen.thaw())
	w.recovered("freeze and kill", recoverLimit)
}

// kill sends SIGKILL to a worker that completes an upload, before or after the server has heard of it, or to any.
func (w *world) kill(but *worker) {
	a := &ambush{after: w.rng.IntN(2) == 0, sprung: make(chan struct{}), over: make(chan struct{})}
	defer close(a.over)
	w.trap.Store(a)
	late := time.NewTimer(5 * time.Second)
	defer late.Stop()
	var victim *worker
	how := ""
	select {
	case <-a.sprung:
		victim, how = w.prey, " in the middle of a commit, its request held up"
		if a.after {
			how = " in the middle of a commit, the answer held up"
		}
	case <-late.C:
		if !w.trap.CompareAndSwap(a, nil) {
			<-a.sprung
			victim = w.prey
		}
	}
	for victim == nil || victim == but {
		victim = w.pick()
	}
	victim.tell()
	victim.Kill()
	w.say("SIGKILL to %s%s", victim.name, how)
}

// rollingRestart replaces each worker by a new one, as a deployment does.
func (w *world) rollingRestart() {
	for _, old := range w.running() {
		next := w.start()
		w.eventually(next.name+" is ready", recoverLimit, func() string { return next.ready(w.Context()) })
		began := time.Now()
		code, err := old.terminate()
		w.must(err)
		w.say("SIGTERM to %s, which %s replaces: exit code %d after %.1f s", old.name, next.name, code, time.Since(began).Seconds())
		if code != 0 {
			w.Errorf("%s ended with code %d", old.name, code)
		}
	}
	w.recovered("rolling restart", recoverLimit)
}

// stoppedMeanwhile stops a worker while S3 is gone: it must give up in time, and lose nothing.
func (w *world) stoppedMeanwhile() {
	w.say("S3 refuses everybody; SIGTERM to one")
	for _, k := range w.running() {
		k.s3.set(refusing)
	}
	tick := time.NewTicker(2 * interval)
	<-tick.C // it has something to commit
	tick.Stop()
	k := w.pick()
	code, err := k.terminate()
	w.must(err)
	if code != 1 {
		w.Errorf("%s ended with code %d, want 1", k.name, code)
	}
	for _, k := range w.running() {
		k.s3.set(passing)
	}
	w.say("%s ended with code %d; S3 is back", k.name, code)
	w.start()
	w.recovered("SIGTERM without S3", recoverLimit)
}

// clip shortens a reason to what a line takes.
func clip(text string) string { return text[:min(len(text), 160)] }
