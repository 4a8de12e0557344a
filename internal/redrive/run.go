package redrive

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/consumer"
	"standpipe/internal/pause"
	"standpipe/sink"
)

// Run redrives. The report says what was done also where there is an error, and is nil where nothing was. The error of the
// context means that the work was interrupted: what was read until then is committed, unless the error says that it was not.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Parallel == 0 {
		o.Parallel = 16
	}
	if o.Stop == 0 {
		o.Stop = 18 * time.Second
	}
	w := &work{Options: o}
	if o.DryRun {
		return w.dry(ctx)
	}
	report, err := w.run(ctx)
	if report != nil {
		report.Interrupted = ctx.Err() != nil
	}
	return report, err
}

// work is one call under way.
type work struct {
	Options
	lease  consumer.Lease
	beats  func() // begins to show that this process lives
	leased bool   // at some time
}

// dry counts what would be redriven. It writes nothing and needs no lease.
func (w *work) dry(ctx context.Context) (*Report, error) {
	checkpoint := beginning
	row, err := w.Table.Lease(ctx, consumer.RedriveShard)
	switch {
	case err != nil && !missingTable(err):
		return nil, err
	case row != nil:
		checkpoint = row.Checkpoint
	}
	known, err := w.remember(ctx)
	if err != nil {
		return nil, err
	}
	if n, err := stepsOf(checkpoint); err != nil {
		return nil, err
	} else if known.last < n { // what is more belongs to a call that is under way
		if err := known.upTo(checkpoint, time.Now()); err != nil {
			return nil, err
		}
	}
	t := newTally()
	r := &reader{Options: &w.Options, known: known, tally: t, send: func(context.Context, *chunk) error { return nil }}
	err = r.all(ctx)
	report := t.finish()
	report.DryRun, report.Interrupted, report.Steps = true, ctx.Err() != nil, known.last
	return report, err
}

func missingTable(err error) bool {
	var missing *types.ResourceNotFoundException
	return errors.As(err, &missing)
}

func (w *work) remember(ctx context.Context) (*remembered, error) {
	return remember(ctx, w.Store, w.Redriven, func(done int) {
		if w.Progress != nil {
			w.Progress("memory", done, 0)
		}
	})
}

// run takes the lease, redrives, and gives the lease up.
func (w *work) run(ctx context.Context) (*Report, error) {
	beating, quiet := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer quiet()
	w.beats = sync.OnceFunc(func() { wg.Go(func() { w.beat(beating) }) })
	known, err := w.acquire(ctx)
	var report *Report
	for err == nil {
		var again bool
		if report, again, err = w.attempt(ctx, known); !again {
			break
		}
		w.Log.Warn().Err(err).Msg("what was under way is redriven anew")
		if err = pause.For(ctx, time.Second); err == nil {
			known, err = w.acquire(ctx)
		}
	}
	stop, cancel := w.stopping(ctx)
	defer cancel()
	if serr := w.Sink.Stop(stop); serr != nil {
		return report, errors.Join(err, serr)
	}
	return report, errors.Join(err, w.leave(stop, report))
}

// stopping is a context for what remains to be done. It ends some time after ctx has.
func (w *work) stopping(ctx context.Context) (context.Context, context.CancelFunc) {
	stop, cancel := context.WithCancel(context.WithoutCancel(ctx))
	unhook := context.AfterFunc(ctx, func() {
		_ = pause.For(stop, w.Stop)
		cancel()
	})
	return stop, func() { unhook(); cancel() }
}

// acquire takes the lease with nothing pending on it, and reads what was redriven up to its checkpoint.
func (w *work) acquire(ctx context.Context) (*remembered, error) {
	begin := beginning
	row, err := w.Table.Lease(ctx, consumer.RedriveShard)
	if err == nil && row == nil { // the first call, or one whose table was made anew
		var known *remembered
		if known, err = w.remember(ctx); err == nil && known.last > 0 {
			begin = strconv.FormatInt(known.last, 10)
		}
	}
	if err != nil {
		return nil, err
	}
	for carried := ""; ; {
		lease, err := w.Table.AcquireRedrive(ctx, w.Worker, begin, w.Failover, func(owner string) {
			w.Log.Info().Str("owner", owner).Str("wait", w.Failover.String()).Msg("another redrive has not ended in order: looking whether it is still at work")
		})
		if err != nil {
			return nil, err
		}
		w.lease, w.leased = lease, true
		w.beats()
		if lease.Pending == "" {
			break
		}
		if carried == lease.Pending {
			return nil, fmt.Errorf("redrive: batch %s is pending on row %s and has no item: the row was changed by hand (see \"Damaged rows\" in docs/security.md)", carried, consumer.RedriveShard)
		}
		carried = lease.Pending
		w.Log.Info().Str("batch", carried).Msg("carrying out the batch that an earlier redrive has promised")
		if err := w.Sink.CarryOut(ctx, carried); err != nil {
			return nil, err
		}
	}
	known, err := w.remember(ctx)
	if err != nil {
		return nil, err
	}
	return known, known.upTo(w.lease.Checkpoint, time.Now())
}

// beat keeps this process alive in the eyes of others.
func (w *work) beat(ctx context.Context) {
	for {
		if err := w.Table.BeatRedrive(ctx, w.Worker); err != nil && ctx.Err() == nil {
			w.Log.Warn().Err(err).Msg("heartbeat not written")
		}
		if pause.For(ctx, w.Failover/5) != nil {
			return
		}
	}
}

// attempt redrives everything once. again says that a batch was dropped, and everything behind the checkpoint with it.
func (w *work) attempt(ctx context.Context, known *remembered) (report *Report, again bool, err error) {
	done, err := stepsOf(w.lease.Checkpoint)
	if err != nil {
		return nil, false, err
	}
	reading := w.Sink.Read(context.WithoutCancel(ctx), consumer.RedriveShard, w.lease.Epoch, w.lease.Checkpoint)
	defer reading.Close()
	t := newTally()
	f := &feeder{work: w, reading: reading, done: done}
	r := &reader{Options: &w.Options, known: known, tally: t, send: f.send}
	err = r.all(ctx)
	stop, cancel := w.stopping(ctx)
	defer cancel()
	if derr := reading.Drain(stop); derr != nil {
		if errors.Is(derr, sink.ErrDropped) && ctx.Err() == nil {
			return nil, true, errors.Join(derr, context.Cause(reading.Context()))
		}
		return t.finish(), false, errors.Join(err, fmt.Errorf("commit what was redriven: %w: the next redrive finishes it or begins it anew", derr))
	}
	report = t.finish()
	report.Steps = f.done
	return report, false, err
}

// leave looks whether everything was committed, and gives the lease up. Without a report something else is wrong already.
func (w *work) leave(ctx context.Context, report *Report) error {
	if report == nil {
		if w.leased {
			_ = w.Table.Release(ctx, consumer.RedriveShard, w.lease.Epoch, w.Worker, w.lease.Checkpoint, time.Time{}) // or the next call waits
		}
		return nil
	}
	row, err := w.Table.Lease(ctx, consumer.RedriveShard)
	switch {
	case err != nil:
		return err
	case row == nil || row.Owner != w.Worker || row.Epoch != w.lease.Epoch:
		return errors.New("redrive: the row was taken over or changed: run it once more, which redrives what is missing")
	case row.Pending != "" || row.Checkpoint != position(report.Steps):
		return fmt.Errorf("redrive: the row says %s, not %d: run it once more, which redrives what is missing", row.Checkpoint, report.Steps)
	}
	return w.Table.Release(ctx, consumer.RedriveShard, w.lease.Epoch, w.Worker, row.Checkpoint, time.Time{})
}
