package consumer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/rs/zerolog"

	"standpipe/internal/awserr"
	"standpipe/internal/pause"
	"standpipe/sink"
)

const (
	maxAnswer = 14 << 20 // 10 MB of records as base64
	minAnswer = 64 << 10
	fastest   = 210 * time.Millisecond // 5 calls a second a shard, for all its consumers
	byteRate  = 2 << 20                // bytes a second a shard gives (Kinesis quotas: 2 MB)
	tick      = 250 * time.Millisecond
	attempt   = 30 * time.Second // one GetRecords, so that a dead connection is noticed
)

// fetcher gets one shard's records. It owns iterators, pace, retries and memory; what it returns is in
// order and without gap. For one goroutine.
type fetcher struct {
	client *kinesis.Client
	api    *recordsAPI
	stream streamRef
	shard  string
	start  string // the application's
	poll   time.Duration
	memory *sink.Memory
	gone   func() bool // the stream holds this shard no more
	closed func() bool // the stream lists this shard as closed, or holds it no more
	jitter func() float64
	log    zerolog.Logger
	m      *metrics

	trouble *sink.Troubles

	retention func() time.Duration // of the stream
	replay    *replay              // nil = no limit
	since     time.Time            // of a replay: what came in from here on must be read

	known     time.Time // everything that came in up to then is read; zero: not to be told
	gap       *sink.Gap // found, and not yet handed on
	progress  progress
	iterator  string
	with      bool      // begin with the record at the position, not after it
	childless bool      // the last answer was an end without children
	usual     int64     // room to reserve for an answer
	answered  time.Time // when the last one came
	due       time.Time // of the next call
	failures  int
}

// answer is one GetRecords answer with records in it, or the shard's end.
type answer struct {
	records []kinesisRecord
	end     bool
	behind  time.Duration
	gap     *sink.Gap // what may be missing before it
	room    int64     // memory it holds

	response *response // what it was made of, nil for nothing
}

// rewind forgets where the iterator stood: the next fetch begins after its position, or with it.
func (f *fetcher) rewind(with bool) { f.iterator, f.with = "", with }

// begin is rewind to a row's position.
func (f *fetcher) begin(row *Lease) {
	f.rewind(row.Within > 0)
	f.known, f.gap = knownAt(row), nil
	if _, timed := startTime(row.Checkpoint); timed && f.known.IsZero() {
		f.known = f.since
	}
}

func (f *fetcher) release(a *answer) {
	f.memory.Add(-a.room)
	a.room = 0
	if a.response != nil {
		a.response.recycle()
		a.response, a.records = nil, nil
	}
}

// fetch gives the next answer after a position that has records or ends the shard. Errors of Kinesis are
// retried for ever; it only fails when ctx ends, with ctx's cause. The caller must release the answer.
func (f *fetcher) fetch(ctx context.Context, after string) (*answer, error) {
	defer func() {
		if ctx.Err() != nil { // the shard is another reader's now, and so is its trouble
			f.trouble.Clear("GetRecords", f.shard)
		}
	}()
	for {
		if err := pause.For(ctx, time.Until(f.due)); err != nil {
			return nil, context.Cause(ctx)
		}
		room, err := f.memory.Acquire(ctx, f.reserve())
		if err != nil {
			return nil, context.Cause(ctx)
		}
		began := time.Now()
		out, err := f.call(ctx, after)
		if err != nil {
			f.memory.Add(-room)
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if f.failed(err) {
				a := &answer{end: true}
				f.watchHorizon(a, began)
				return a, nil
			}
			continue
		}
		if f.failures > 0 {
			f.failures = 0
			f.trouble.Clear("GetRecords", f.shard)
		}
		sink.ClockOf(ctx).Read(time.Since(began))
		a := f.accept(out, began)
		f.progress.note(a.behind)
		f.watchHorizon(a, began)
		f.limit(a, began)
		f.memory.Add(a.room - room)
		if len(a.records) > 0 || a.end {
			return a, nil
		}
		f.release(a)
	}
}

// reserve is room for the next answer: for one as large as the last, or for what the shard can have been given since
// (1 MB a second), whichever is more.
func (f *fetcher) reserve() int64 {
	if f.usual == 0 {
		return maxAnswer
	}
	given := time.Since(f.answered).Seconds() * (1 << 20) * 4 / 3
	return max(f.usual, int64(min(given, maxAnswer)))
}

// call makes the calls for one answer, each with a deadline of its own.
func (f *fetcher) call(ctx context.Context, after string) (*response, error) {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	if f.iterator == "" {
		out, err := f.client.GetShardIterator(ctx, f.position(after))
		if err != nil {
			return nil, fmt.Errorf("get iterator of shard %s: %w", f.shard, awserr.Brief(err))
		}
		f.iterator = aws.ToString(out.ShardIterator)
	}
	out, err := f.api.get(ctx, f.stream.arn, f.iterator)
	if f.api.speaksJSON() && f.api.told.CompareAndSwap(false, true) {
		f.log.Info().Msg("Kinesis does not understand CBOR: asked in JSON from now on, which takes more processor time and network")
	}
	if err != nil {
		return nil, fmt.Errorf("get records of shard %s: %w", f.shard, awserr.Brief(err))
	}
	if err := f.doubtEnd(out); err != nil {
		out.recycle()
		return nil, fmt.Errorf("get records of shard %s: %w", f.shard, err)
	}
	return out, nil
}

// doubtEnd says why an answer that looks like a shard's end is not taken for one. Kinesis names the children there; an
// answer that has merely lost members, as {}, does not, nor do some emulators. The end can not be taken back, so without
// children it has to come twice, and the stream has to list the shard as closed.
func (f *fetcher) doubtEnd(out *response) error {
	childless := !out.HasNext && len(out.Children) == 0
	again := f.childless
	f.childless = childless
	switch {
	case !childless:
		return nil
	case !f.closed():
		return errors.New("the answer has no NextShardIterator and no ChildShards, but the stream lists the shard as open")
	case !again:
		return errors.New("the answer has no NextShardIterator and no ChildShards: an end that must come twice to be believed")
	}
	return nil
}

func (f *fetcher) position(after string) *kinesis.GetShardIteratorInput {
	in := &kinesis.GetShardIteratorInput{ShardId: &f.shard}
	in.StreamName, in.StreamARN = f.stream.ref()
	if after == latest || after == atTimestamp { // a stopped KCL application never got further here
		after = f.start
	}
	t, timed := startTime(after)
	switch {
	case timed:
		in.ShardIteratorType, in.Timestamp = types.ShardIteratorTypeAtTimestamp, &t
	case after == trimHorizon:
		in.ShardIteratorType = types.ShardIteratorTypeTrimHorizon
	case f.with:
		in.ShardIteratorType, in.StartingSequenceNumber = types.ShardIteratorTypeAtSequenceNumber, &after
	default:
		in.ShardIteratorType, in.StartingSequenceNumber = types.ShardIteratorTypeAfterSequenceNumber, &after
	}
	return in
}

// accept turns an answer into ours and sets the pace: the poll interval when caught up, otherwise as fast
// as the shard allows.
func (f *fetcher) accept(out *response, began time.Time) *answer {
	a := &answer{response: out, records: out.Records, end: !out.HasNext, behind: time.Duration(out.MillisBehind) * time.Millisecond}
	f.iterator, f.answered = out.Next, time.Now()
	var size int64
	for i := range a.records {
		size += int64(len(a.records[i].Data) + len(a.records[i].PartitionKey))
	}
	a.room = size*4/3 + int64(len(a.records))*128
	f.usual = min(max(a.room*5/4, f.usual*3/4, minAnswer), maxAnswer)
	pace := f.poll
	if a.behind > 0 {
		pace = fastest
	}
	owed := time.Duration(float64(size) / byteRate * float64(time.Second)) // Kinesis refuses until it is paid
	f.due = began.Add(max(pace, time.Since(began)+owed+owed/50))
	if together := f.due.Truncate(tick); pace == f.poll && owed == 0 && together.Sub(began) >= fastest {
		// Shards that are caught up are asked together, so that an idle process sleeps in between.
		f.due = f.due.Add(together.Sub(f.due))
	}
	return a
}

// failed decides what follows an error. It says true when the stream does not hold the shard any more,
// which ends it.
func (f *fetcher) failed(err error) (end bool) {
	var expired *types.ExpiredIteratorException
	var invalid *types.InvalidArgumentException
	var missing *types.ResourceNotFoundException
	var throttled *types.ProvisionedThroughputExceededException
	f.failures++
	backoff := min(200*time.Millisecond<<min(f.failures, 6), 10*time.Second)
	switch {
	case errors.As(err, &expired):
		f.iterator, backoff = "", fastest
	case errors.As(err, &throttled):
		backoff = time.Second
	case errors.As(err, &invalid):
		f.iterator = ""
	case errors.As(err, &missing) && f.gone():
		f.log.Error().Err(err).Str("shard", f.shard).Msg("shard is not in the stream any more: what was not read from it before its retention ended is lost")
		return true
	default:
		f.iterator = ""
	}
	f.m.retries.WithLabelValues("kinesis", "GetRecords").Inc()
	if f.trouble.Note("GetRecords", f.shard, err) && (f.failures > 3 || !errors.As(err, &expired) && !errors.As(err, &throttled)) {
		f.log.Warn().Err(err).Str("shard", f.shard).Int("attempt", f.failures).Int64("wait_ms", backoff.Milliseconds()).Msg("retrying")
	}
	f.due = time.Now().Add(backoff + time.Duration(f.jitter()*float64(backoff/4)))
	return false
}
