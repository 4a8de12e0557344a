package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"standpipe/internal/embedded"
	"standpipe/internal/verify"
)

// Run runs a demo and prints its report. It returns nil when every record is in the folder exactly once and unchanged,
// and all workers ended in order; ErrInexact, or an error that says what was in the way, when not; an error that wraps
// ErrUsage for options that can not be, and context.Canceled when ctx ended. In every case the workers and servers
// have ended when it returns, and the folder can be read.
func Run(ctx context.Context, o Options) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	o = o.withDefaults()
	release, err := claim(o.Dir)
	if err != nil {
		return err
	}
	defer release()
	temp, err := os.MkdirTemp("", "standpipe-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the workers' configuration: %w", err)
	}
	defer func() { _ = os.RemoveAll(temp) }()
	s, err := startServers(o.Dir)
	if err != nil {
		return err
	}
	defer s.Close()
	t := newTruth(newIdentities(o.Seed))
	t.access = o.Format == FormatParquet
	r := &running{Options: o, servers: s, truth: t, lake: filepath.Join(o.Dir, bucket),
		progress: &progress{terminal: o.Terminal, began: time.Now(), out: o.Out}}
	r.reaper = reaper{rng: rand.New(rand.NewPCG(o.Seed, 2)), say: r.progress.say}
	leave, err := r.launch(temp)
	if err != nil {
		return err
	}
	defer leave()
	return r.carry(ctx)
}

// running is a demo whose servers and workers run.
type running struct {
	Options
	servers  *servers
	truth    *truth
	lake     string
	progress *progress
	fleet    fleet
	reaper   reaper
}

// launch starts the workers. leave undoes what it did to this process.
func (r *running) launch(temp string) (leave func(), err error) {
	file, cfg, err := writeSettings(temp, r.servers, r.truth.access)
	if err != nil {
		return nil, err
	}
	logs := filepath.Join(r.Dir, logsFolder)
	how := "in this process"
	leave = func() {}
	if r.Crash {
		how = "as processes, to be killed"
		p, err := startProcesses(r.Workers, append(append([]string(nil), r.Command...), file), logs)
		if err != nil {
			return nil, err
		}
		r.fleet, r.reaper.fleet, r.reaper.strike = p, p, r.servers.strike
	} else {
		leave = embedded.Enter("demo")
		if r.fleet, err = startThreads(r.Workers, r.Worker, cfg, logs); err != nil {
			leave()
			return nil, err
		}
	}
	r.progress.say("Embedded Kinesis (%d shards), DynamoDB and S3 are up; workers: %d %s; seed %d.", shards, r.Workers, how, r.Seed)
	r.progress.say("Putting %s within %v; everything lies in %s.", counted(r.Records, r.sample()), r.spread().Round(time.Second), r.Dir)
	return leave, nil
}

// carry puts the records, waits for their delivery, stops the workers and has everything counted.
func (r *running) carry(ctx context.Context) error {
	watching, endWatching := context.WithCancel(ctx)
	defer endWatching()
	w := newWatcher(r.servers, r.truth, r.lake)
	g, watching := errgroup.WithContext(watching)
	g.Go(func() error { return w.run(watching) })
	g.Go(func() error {
		r.progress.run(watching, func() string { return w.now().line(r.fleet.alive(), r.reaper.kills.Load(), r.Crash) })
		return nil
	})
	err := r.work(watching, w)
	endWatching()
	if watched := g.Wait(); err == nil && !errors.Is(watched, context.Canceled) {
		err = watched
	}
	if ctx.Err() != nil {
		r.progress.say("Interrupted: stopping the workers.")
	}
	full := r.servers.full()
	limit := stopLimit
	if full != nil {
		limit = abandonFor
	}
	stopped := r.fleet.stop(limit)
	var proof *verify.Report
	var unproved error
	if ctx.Err() == nil && full == nil && err == nil {
		proof, unproved = r.servers.verify(ctx, r.truth.dataFolder())
	}
	r.servers.Close() // nothing is written after this
	if ctx.Err() != nil {
		r.progress.say("Stopped. What was delivered so far can be read in %s.", r.lake)
		return errors.Join(ctx.Err(), stopped)
	}
	if full != nil {
		return full // says more than what followed from it
	}
	return r.report(proof, err, stopped, unproved)
}

// work ends when everything is put and delivered, or with what prevents that.
func (r *running) work(ctx context.Context, w *watcher) error {
	g, ctx := errgroup.WithContext(ctx)
	done := make(chan struct{})
	g.Go(func() error {
		select {
		case <-r.servers.failed:
			return r.servers.full()
		case err := <-r.fleet.failures():
			return err
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	g.Go(func() error {
		defer close(done)
		if err := r.feed(ctx); err != nil {
			return err
		}
		records, puts, _ := r.truth.count()
		all := "All " + counted(records, "record") + " are"
		if records == 1 {
			all = "The record is"
		}
		r.progress.say("%s put, as %s; waiting until the last one is committed.", all, counted(puts, "Kinesis record"))
		return w.settle(ctx, r.stall)
	})
	return g.Wait()
}

// sample is what one of the records is called.
func (r *running) sample() string {
	if r.truth.access {
		return "sample call"
	}
	return "sample click"
}

// feed puts the records and kills workers meanwhile.
func (r *running) feed(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		source := newSource(r.truth.ids, r.Seed, r.Records)
		source.access = r.truth.access
		p := &producer{kinesis: r.servers.Kinesis, truth: r.truth, source: source,
			spread: r.spread(), say: r.progress.say}
		return p.run(ctx)
	})
	if r.Crash {
		g.Go(func() error { return r.reaper.run(ctx, moments(r.reaper.rng, r.spread())) })
	}
	return g.Wait()
}

// report counts and tells. proof is what verify has found, nil when it did not run; troubles are errors that are no fault
// of the records in the folder.
func (r *running) report(proof *verify.Report, troubles ...error) error {
	s := summary{access: r.truth.access, proof: proof, dir: r.Dir, records: r.Records, crash: r.Crash, kills: r.reaper.kills.Load()}
	for _, err := range append(troubles, r.truth.settle(r.servers.Kinesis, stream)) {
		if err != nil {
			s.troubles = append(s.troubles, err)
		}
	}
	found, err := audit(r.lake, r.truth)
	if err != nil {
		return errors.Join(append(s.troubles, err)...)
	}
	if s.access {
		if err := r.truth.writeMetering(r.Dir); err != nil {
			s.troubles = append(s.troubles, err)
		}
	}
	_, s.puts, _ = r.truth.count()
	s.took = time.Since(r.progress.began)
	if err := writeReport(r.Out, s, found); err != nil {
		return err
	}
	switch {
	case found.Put == r.Records && (!found.exact() || proof != nil && !proof.OK):
		return ErrInexact
	case len(s.troubles) > 0:
		return errors.Join(s.troubles...)
	}
	return nil
}
