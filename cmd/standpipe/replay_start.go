package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/rs/zerolog"

	"standpipe/config"
	"standpipe/consumer"
	"standpipe/internal/s3read"
	"standpipe/sink"
)

// clockNoise is a difference to Kinesis' clock that may come from the answer's way and from the whole seconds of its date,
// which are rounded down: so Kinesis' time is never taken for later than it is.
const clockNoise = 3 * time.Second

// prepareReplay finds out whether there is anything to replay, sets where it ends and how far Kinesis' clock is ahead,
// and says what can not be replayed.
func prepareReplay(ctx context.Context, svc *services, cfg config.Config, r *consumer.Replay, log zerolog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	var made, oldest time.Time
	err := insist(ctx, func(ctx context.Context) (err error) {
		made, oldest, r.Ahead, err = lookAtStream(ctx, svc, cfg)
		return err
	})
	if err != nil {
		return fmt.Errorf("find out what the stream still holds: %w", err)
	}
	now := time.Now()
	if r.Ahead.Abs() > clockNoise {
		now = now.Add(r.Ahead + time.Second) // all that is there by now has arrived before
		log.Warn().Stringer("ahead", r.Ahead.Round(time.Second)).Msg("Kinesis' clock and this machine's differ; Kinesis' is followed")
	}
	known, unfinished, err := startedReplay(ctx, svc, cfg)
	switch {
	case err != nil:
		return err
	case known != nil && known.Replay == r.Name:
		r.To = known.Until
		log.Info().Time("from", r.From).Time("to", r.To).Int("unfinished", unfinished).Str("application", cfg.Leases.Application).Msg("going on with the replay that was begun before")
	case known != nil: // the consumer says whose table it is
		r.To = now
		return nil
	case !r.From.Before(now):
		return usageError("--from must lie in the past (got %s, and it is %s)", r.From.Format(time.RFC3339Nano), now.Format(time.RFC3339))
	default:
		given := r.To
		if r.To.IsZero() || r.To.After(now) {
			r.To = now
		}
		line := log.Info().Time("from", r.From).Time("to", r.To)
		if !given.Equal(r.To) {
			line = line.Str("why", "--to is missing, or lies in the future: the time ends now")
		}
		line.Str("application", cfg.Leases.Application).Msg("beginning a replay")
		if err := unwritten(ctx, svc, cfg); err != nil {
			return err
		}
	}
	gone := oldest
	if made.After(oldest) {
		gone = made // nothing was there before
	}
	switch {
	case known == nil && !r.To.After(gone):
		return &sentence{fmt.Sprintf("nothing that arrived before %s is left in stream %s, so there is nothing to replay up to %s", gone.UTC().Format(time.RFC3339), cfg.Stream.Name, r.To.UTC().Format(time.RFC3339)), nil}
	case r.From.Before(oldest) && made.Before(oldest) && (known == nil || unfinished > 0):
		log.Warn().Time("from", r.From).Time("to", oldest.UTC()).Stringer("retention", time.Since(oldest).Round(time.Hour)).
			Msg("what arrived then has left the stream's retention and can not be replayed; the journals will name it, and the replay ends with exit code 3")
	}
	return nil
}

// lookAtStream says when the stream was made, how old the oldest record in it can be, and how far its clock is ahead.
func lookAtStream(ctx context.Context, svc *services, cfg config.Config) (made, oldest time.Time, ahead time.Duration, err error) {
	in := &kinesis.DescribeStreamSummaryInput{StreamName: &cfg.Stream.Name}
	if cfg.Stream.ARN != "" {
		in = &kinesis.DescribeStreamSummaryInput{StreamARN: &cfg.Stream.ARN}
	}
	out, err := svc.kinesis.DescribeStreamSummary(ctx, in)
	if err != nil {
		return made, oldest, 0, err
	}
	theirs, ok1 := awsmiddleware.GetServerTime(out.ResultMetadata)
	ours, ok2 := awsmiddleware.GetResponseAt(out.ResultMetadata)
	if ok1 && ok2 {
		ahead = theirs.Sub(ours)
	}
	keeps := time.Duration(aws.ToInt32(out.StreamDescriptionSummary.RetentionPeriodHours)) * time.Hour
	return aws.ToTime(out.StreamDescriptionSummary.StreamCreationTimestamp), time.Now().Add(ahead - keeps), ahead, nil
}

// startedReplay gives what a former start has stored in the replay's table, nil when there was none, and how many shards
// it has not finished.
func startedReplay(ctx context.Context, svc *services, cfg config.Config) (known *consumer.Application, unfinished int, err error) {
	table := consumer.NewTable(dynamodb.New(svc.dynamodb.Options(), retryDynamoDB), cfg.Leases.Table)
	snap, err := table.Snapshot(ctx)
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		return nil, 0, nil
	case err != nil:
		return nil, 0, fmt.Errorf("find out how far the replay is: %w", err)
	case snap.Unusable() != nil:
		return nil, 0, snap.Unusable()
	}
	for _, row := range snap.Leases {
		if row.Checkpoint != sink.ShardEnd {
			unfinished++
		}
	}
	return snap.Application, unfinished, nil
}

// unwritten refuses to begin a replay whose journals are there, although it has no table: that was deleted, and nobody
// knows what was written.
func unwritten(ctx context.Context, svc *services, cfg config.Config) error {
	at := s3read.Place{Bucket: cfg.Journal.Bucket, Head: cfg.Journal.Prefix}
	for _, err := range (s3read.S3{Client: bucketClients(svc)}).List(ctx, at, "") {
		if err != nil {
			return fmt.Errorf("find out whether this was replayed before: %w", err)
		}
		if known, _, err := startedReplay(ctx, svc, cfg); err != nil || known != nil {
			return err // another worker of it has just begun
		}
		return &sentence{fmt.Sprintf("this was replayed before: its journals lie under %s, and lease table %s is gone, so that all of it would be written a second time: choose another --prefix, or take away what lies there, journals last", at, cfg.Leases.Table), nil}
	}
	return nil
}
