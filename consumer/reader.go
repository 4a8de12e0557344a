package consumer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"standpipe/internal/pause"
	"standpipe/sink"
)

var (
	errOver    = errors.New("epoch is over")
	errStopped = errors.New("reading has stopped")
)

// reader reads one shard in one lease epoch, on the goroutine the KCL library runs for the shard. The
// library asks it for the next answer (next) and lets the processor give it to the sink (deliver). When the
// batch with its records is dropped it goes back to the row by itself, so the library's consumer only ends
// with the epoch, at a stop, or at the shard's end.
type reader struct {
	lease   Lease // as the acquiring write left it
	fetcher *fetcher
	table   *Table
	sink    *sink.Sink
	steps   Steps
	log     zerolog.Logger
	m       *metrics
	hash    *HashRange
	drop    bool // user records outside the hash range
	keys    bool // user records of aggregates carry their partition keys
	began   time.Time

	epoch    context.Context // ended when the lease is lost or everything must end
	endEpoch context.CancelFunc
	reads    context.Context // ended when no more is to be read; within epoch
	endReads context.CancelCauseFunc

	// Only the shard's goroutine uses these.
	first  *Lease  // the row to begin with; nil = read it
	at     string  // position read so far
	answer *answer // fetched, not yet delivered
	within int64   // how many user records of the one at this position are delivered; 0 = all
	ended  bool    // the shard's end is in a batch

	mu      sync.Mutex
	reading *sink.Reading
	why     string // why reading has ended
	lost    bool
}

// haltAll stops readers together, for the cause given, so that their leases can be given away. None leaves,
// which cuts the batch, before all have stopped giving records to it: so it is one cut for all of them.
func haltAll(readers []*reader, cause string) {
	for _, r := range readers {
		r.refuse(cause)
	}
	for _, r := range readers {
		r.endReads(errStopped)
	}
}

// refuse gives no more records to the sink.
func (r *reader) refuse(cause string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.why == "" {
		r.why = cause
	}
	if r.reading != nil {
		r.reading.Stop()
	}
}

func (r *reader) halt(cause string) { haltAll([]*reader{r}, cause) }

// lose ends the epoch: another worker owns the shard, or an undo has freed it (rule 4).
func (r *reader) lose(cause string) {
	r.mu.Lock()
	if r.why == "" {
		r.why = cause
	}
	again := r.lost
	r.lost = true
	reading := r.reading
	r.mu.Unlock()
	r.endReads(errOver)
	r.endEpoch()
	if reading != nil {
		reading.Lost()
	}
	if !again {
		r.m.lost.Inc()
	}
}

func (r *reader) isLost() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost
}

// cause says why reading has ended, "" while it goes on and at the shard's end.
func (r *reader) cause() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.why
}

// ending is why the reader has ended, for the log.
func (r *reader) ending() string {
	if r.ended {
		return "shard-end"
	}
	return r.cause()
}

// next blocks until there is an answer with records, or gives done at the shard's end, once everything up
// to it is visible. An error ends the library's consumer.
func (r *reader) next() (done bool, err error) {
	for {
		reading, err := r.current()
		switch {
		case err != nil:
			return false, err
		case reading == nil:
			return true, nil // the row says SHARD_END
		}
		if r.ended {
			err = reading.Advanced(r.reads)
			if err == nil {
				return true, nil
			}
		} else if r.answer, err = r.fetcher.fetch(reading.Context(), r.at); err == nil {
			return false, nil
		}
		if r.reads.Err() != nil {
			return false, context.Cause(r.reads)
		}
		// Otherwise the reading was dropped: current goes back to the row.
	}
}

// deliver gives the answer fetched last to the sink. If its batch is dropped, next goes back to the row.
func (r *reader) deliver() {
	a := r.answer
	if a == nil {
		return
	}
	r.answer = nil
	defer r.fetcher.release(a)
	var outside int
	var read sink.Read
	resp := sink.Response{After: r.at, Through: r.at, Gap: a.gap, Read: &read}
	if n := len(a.records); n > 0 {
		resp.Through = strings.Clone(a.records[n-1].Sequence) // or it would keep the whole answer
	}
	if a.end {
		resp.Through = shardEnd
	}
	r.mu.Lock()
	reading := r.reading
	r.mu.Unlock()
	err := r.append(reading, resp, counted(r.userRecords(a, &outside), &read))
	if err != nil {
		// Its iterator is past what was not taken, and so is what it knows.
		r.fetcher.rewind(r.within > 0)
		r.fetcher.known = time.Time{}
		return // next finds out why
	}
	r.at, r.within = resp.Through, 0
	r.fetcher.with = false // what it stands at is delivered now
	r.ended = a.end
	var bytes int
	for i := range a.records {
		bytes += len(a.records[i].Data)
	}
	r.m.records.Add(float64(len(a.records)))
	r.m.bytes.Add(float64(bytes))
	r.m.users.Add(float64(read.Records))
	r.m.outside.Add(float64(outside))
	r.fetcher.progress.took(r.at, len(a.records), bytes)
}

// append gives the sink what the steps make of an answer.
func (r *reader) append(reading *sink.Reading, resp sink.Response, users iter.Seq[sink.Record]) error {
	records, done, err := r.steps.Run(reading.Context(), r.lease.Shard, users)
	if err != nil {
		return err
	}
	defer done()
	resp.Records = records
	return reading.Append(r.epoch, resp)
}

// counted says of user records, once they were run over, how many there were and when the last one arrived.
func counted(users iter.Seq[sink.Record], read *sink.Read) iter.Seq[sink.Record] {
	return func(yield func(sink.Record) bool) {
		for rec := range users {
			read.Records, read.Last = read.Records+1, rec.Arrival
			if !yield(rec) {
				return
			}
		}
	}
}

// userRecords yields the user records of an answer, and counts those outside the shard's hash range. It leaves
// out those of the record at the checkpoint that another KCL application had delivered when it stopped; our own
// checkpoints always stand behind whole records.
func (r *reader) userRecords(a *answer, outside *int) iter.Seq[sink.Record] {
	return func(yield func(sink.Record) bool) {
		unless := yield
		if r.within > 0 {
			unless = func(rec sink.Record) bool {
				return rec.Sequence == r.at && int64(rec.SubSequence) < r.within || yield(rec)
			}
		}
		for i := range a.records {
			k := &a.records[i]
			n, more := deaggregate(k.Data, k.Arrival, k.Sequence, k.PartitionKey, r.hash, r.drop, r.keys, unless)
			if *outside += n; !more {
				return
			}
		}
	}
}

// current gives the reading in progress, or begins one at the row's checkpoint, having carried out what is
// pending on the row (rule 3). nil: the shard is finished.
func (r *reader) current() (*sink.Reading, error) {
	if r.reads.Err() != nil {
		return nil, context.Cause(r.reads)
	}
	r.mu.Lock()
	reading := r.reading
	r.mu.Unlock()
	if reading != nil {
		if reading.Context().Err() == nil {
			return reading, nil
		}
		if err := reading.Settled(r.reads); err != nil {
			return nil, context.Cause(r.reads)
		}
		reading.Close()
	}
	row, err := r.settledRow()
	if err != nil || row.Checkpoint == shardEnd {
		return nil, err
	}
	r.at, r.within, r.ended = row.Checkpoint, row.Within, false
	r.fetcher.begin(row)
	reading = r.sink.Read(r.reads, r.lease.Shard, r.lease.Epoch, row.Checkpoint)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reading = reading
	if r.why != "" {
		reading.Stop()
	}
	return reading, nil
}

// settledRow gives the shard's row with nothing pending on it and still ours.
func (r *reader) settledRow() (*Lease, error) {
	row, last := r.first, ""
	r.first = nil
	trouble := "row " + r.lease.Shard
	defer r.fetcher.trouble.Clear(trouble, "pending")
	for backoff := time.Second; ; {
		if row == nil {
			var err error
			if row, err = r.readRow(); err != nil {
				return nil, err
			}
		}
		if row.Owner != r.lease.Owner || row.Epoch != r.lease.Epoch {
			r.lose(fmt.Sprintf("lease belongs to %q in epoch %d", row.Owner, row.Epoch))
			return nil, errOver
		}
		if row.Pending == "" {
			return row, nil
		}
		if row.Pending == last { // it is carried out, by anybody, which would have taken it off the row
			err := &DamagedError{r.table.name, r.lease.Shard, fmt.Sprintf("pendingBatch names batch %s, which has no item", row.Pending)}
			if r.fetcher.trouble.Note(trouble, "pending", err) {
				r.log.Error().Err(err).Msg("a row of the lease table is damaged")
			}
			if pause.For(r.reads, backoff) != nil {
				return nil, context.Cause(r.reads)
			}
			backoff = min(2*backoff, 10*time.Second)
		} else {
			last = row.Pending
			r.log.Info().Str("shard", r.lease.Shard).Str("batch", row.Pending).Msg("carrying out the batch found pending")
		}
		if err := r.sink.CarryOut(r.reads, row.Pending); err != nil {
			if r.reads.Err() != nil {
				return nil, context.Cause(r.reads)
			}
			r.log.Error().Err(err).Str("shard", r.lease.Shard).Str("batch", row.Pending).Msg("pending batch not carried out; trying again")
			if pause.For(r.reads, time.Second) != nil {
				return nil, context.Cause(r.reads)
			}
		}
		row = nil
	}
}

func (r *reader) readRow() (*Lease, error) {
	for backoff := 100 * time.Millisecond; ; backoff = min(2*backoff, 5*time.Second) {
		row, err := r.table.Lease(r.reads, r.lease.Shard)
		switch {
		case err == nil && row == nil:
			r.lose("its row is gone")
			return nil, errOver
		case err == nil:
			r.fetcher.trouble.Clear("GetItem", r.lease.Shard)
			return row, nil
		}
		if pause.For(r.reads, backoff) != nil {
			r.fetcher.trouble.Clear("GetItem", r.lease.Shard)
			return nil, context.Cause(r.reads)
		}
		r.m.retries.WithLabelValues("dynamodb", "GetItem").Inc()
		if !r.fetcher.trouble.Note("GetItem", r.lease.Shard, err) {
			continue
		}
		r.log.Warn().Err(err).Str("shard", r.lease.Shard).Msg("retrying")
	}
}

// drain has everything read so far cut and promised, so that the lease can be given away. An error says
// why it was not: it is read again.
func (r *reader) drain(ctx context.Context) error {
	if r.answer != nil {
		r.fetcher.release(r.answer)
		r.answer, r.fetcher.known = nil, time.Time{} // what is known counts what was not delivered
	}
	r.mu.Lock()
	reading := r.reading
	lost := r.lost
	r.mu.Unlock()
	defer r.endEpoch()
	if reading == nil {
		return nil
	}
	if lost {
		reading.Close()
		return errOver
	}
	return reading.Drain(ctx)
}
