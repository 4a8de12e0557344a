package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"golang.org/x/sync/errgroup"

	"standpipe/config"
	"standpipe/consumer"
)

const (
	shardsAtOnce = 16
	mostInAnswer = 10_000                 // https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
	betweenReads = 500 * time.Millisecond // of one shard, which has five reads a second for all its consumers
)

// look reads a stream round by round, every shard once in each, so that the sample is of all of them.
type look struct {
	*sample
	ask  inspection
	back time.Duration

	mu     sync.Mutex
	shards []*lookedAt
	seen   map[string]bool
}

// lookedAt is a shard and how far it is read.
type lookedAt struct {
	id, iterator string
	child        bool // opened meanwhile: read from its beginning
	caughtUp     bool
	ended        bool
}

// readStream looks at the records of the last time back, and of the time wait from now on.
func (s *sample) readStream(ctx context.Context, cfg config.Config, svc *services, back, wait time.Duration) error {
	l := &look{sample: s, ask: inspection{svc: svc, cfg: cfg}, back: back, seen: map[string]bool{}}
	if err := l.find(ctx); err != nil {
		return err
	}
	began := time.Now()
	for {
		going, err := l.round(ctx, began)
		if err != nil || !going || l.full() || wait > 0 && time.Since(began) >= wait || wait == 0 && l.present() {
			return err
		}
		s.progress()
		pause := betweenReads
		if wait > 0 {
			pause = min(pause, wait-time.Since(began))
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// find sees that the stream is there and may be read, and lists its shards, in bounded time.
func (l *look) find(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*startLimit)
	defer cancel()
	if err := l.ask.svc.verifyCredentials(ctx); err != nil {
		return err
	}
	if err := l.ask.svc.verifyStream(ctx, l.ask.cfg); err != nil {
		return err
	}
	return l.list(ctx)
}

// list finds all shards that the stream has.
func (l *look) list(ctx context.Context) error {
	input := &kinesis.ListShardsInput{}
	input.StreamName, input.StreamARN = l.ask.streamRef()
	for {
		out, err := l.ask.svc.kinesis.ListShards(ctx, input, patiently)
		if err != nil {
			return explain(err, l.ask.kinesisRequest("list the shards of stream "+l.ask.cfg.Stream.Name, "kinesis:ListShards"))
		}
		for _, s := range out.Shards {
			l.open(aws.ToString(s.ShardId), false)
		}
		if aws.ToString(out.NextToken) == "" {
			return nil
		}
		input = &kinesis.ListShardsInput{NextToken: out.NextToken}
	}
}

func patiently(o *kinesis.Options) { o.Retryer = endure() }

func (l *look) open(id string, child bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.seen[id] {
		l.seen[id] = true
		l.shards = append(l.shards, &lookedAt{id: id, child: child})
	}
}

// round reads each shard once. It says whether there is any left to be read.
func (l *look) round(ctx context.Context, began time.Time) (going bool, err error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(shardsAtOnce)
	for _, s := range l.shards[:len(l.shards):len(l.shards)] {
		if s.ended {
			continue
		}
		going = true
		g.Go(func() error { return l.read(ctx, s, began) })
	}
	if err := g.Wait(); !errors.Is(err, errEnough) {
		return going, err
	}
	return false, nil
}

// present says whether every shard was read up to the present.
func (l *look) present() bool {
	for _, s := range l.shards {
		if !s.ended && !s.caughtUp {
			return false
		}
	}
	return true
}

// share is how many records to ask a shard for, so that all have a part in the sample.
func (l *look) share() int32 {
	if l.limit == 0 {
		return mostInAnswer
	}
	return int32(min(mostInAnswer, l.limit/len(l.seen)+1))
}

func (l *look) read(ctx context.Context, s *lookedAt, began time.Time) error {
	name, arn := l.ask.streamRef()
	if s.iterator == "" {
		input := &kinesis.GetShardIteratorInput{StreamName: name, StreamARN: arn, ShardId: &s.id, ShardIteratorType: types.ShardIteratorTypeTrimHorizon}
		if !s.child {
			input.ShardIteratorType, input.Timestamp = types.ShardIteratorTypeAtTimestamp, aws.Time(began.Add(-l.back))
		}
		out, err := l.ask.svc.kinesis.GetShardIterator(ctx, input, patiently)
		if missing := (*types.ResourceNotFoundException)(nil); errors.As(err, &missing) {
			s.ended = true // its records are older than the stream's retention
			return nil
		}
		if err != nil {
			return explain(err, l.ask.kinesisRequest("read "+s.id, "kinesis:GetShardIterator"))
		}
		s.iterator = aws.ToString(out.ShardIterator)
	}
	l.mu.Lock()
	share := l.share()
	l.mu.Unlock()
	out, err := l.ask.svc.kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{StreamARN: arn, ShardIterator: &s.iterator, Limit: &share}, patiently)
	if expired := (*types.ExpiredIteratorException)(nil); errors.As(err, &expired) {
		return errors.New("read " + s.id + ": the reads are throttled for so long that the place in it is lost: look with fewer --records, or later")
	}
	if err != nil {
		return explain(err, l.ask.kinesisRequest("read "+s.id, "kinesis:GetRecords"))
	}
	s.iterator = aws.ToString(out.NextShardIterator)
	s.ended, s.caughtUp = s.iterator == "", aws.ToInt64(out.MillisBehindLatest) == 0
	for _, c := range out.ChildShards {
		l.open(aws.ToString(c.ShardId), true)
	}
	for _, r := range out.Records {
		where := func() string { return s.id + " " + aws.ToString(r.SequenceNumber) }
		consumer.UserRecords(r.Data, func(record []byte) bool {
			err = l.add(where, record)
			return err == nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
