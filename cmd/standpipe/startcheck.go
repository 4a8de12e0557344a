package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rs/zerolog"

	"standpipe/config"
	"standpipe/consumer"
)

// startLimit bounds the checks at the start. Without it the SDK looks for an instance's role for a minute
// on a machine that has none.
const startLimit = 10 * time.Second

// attemptLimit bounds one attempt of a check: a request that got lost is asked again before startLimit is over.
const attemptLimit = 4 * time.Second

// verify finds out whether the daemon can work at all: credentials, stream, lease table, buckets, Glue tables and functions. Its
// error has a sentence, in a line of its own, for everything that is in the way. What fails later than
// this is repeated for ever, so this is the only place where a missing bucket ends the program.
func (s *services) verify(ctx context.Context, cfg config.Config, limit time.Duration) error {
	checks := []func(context.Context) error{func(ctx context.Context) error { return s.verifyStream(ctx, cfg) }}
	for _, t := range s.tables {
		checks = append(checks, t.load)
	}
	for _, r := range s.registers {
		checks = append(checks, r.load)
	}
	for _, f := range s.functions {
		checks = append(checks, f.verify)
	}
	return s.verifyAll(ctx, cfg, limit, checks...)
}

// connectToRead makes the clients of a command that reads the lease table, which retry, once everything it needs has
// been found. The caller closes them.
func connectToRead(ctx context.Context, cfg config.Config) (*services, *consumer.Table, error) {
	svc, err := connect(ctx, cfg, zerolog.Nop())
	if err != nil {
		return nil, nil, err
	}
	if err := svc.reach(ctx, cfg); err != nil {
		svc.close()
		return nil, nil, err
	}
	return svc, consumer.NewTable(dynamodb.New(svc.dynamodb.Options(), retryDynamoDB), cfg.Leases.Table), nil
}

// reach is verify for commands that look at lease table and buckets and do without the stream. They are patient with
// single requests, so what would never answer has to be found out before.
func (s *services) reach(ctx context.Context, cfg config.Config) error {
	return s.verifyAll(ctx, cfg, startLimit)
}

// verifyAll tries credentials, lease table, buckets and what else is given.
func (s *services) verifyAll(ctx context.Context, cfg config.Config, limit time.Duration, checks ...func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := s.verifyCredentials(limited); err != nil {
		return unlessEnded(ctx, err)
	}
	checks = append(checks, func(ctx context.Context) error { return s.verifyTable(ctx, cfg) })
	for _, b := range buckets(cfg) {
		checks = append(checks, func(ctx context.Context) error { return s.verifyBucket(ctx, b) })
	}
	found := make([]error, len(checks))
	var wg sync.WaitGroup
	for i, check := range checks {
		wg.Go(func() { found[i] = insist(limited, check) })
	}
	wg.Wait()
	var errs []error
	said := make(map[string]bool)
	for _, err := range found {
		if err != nil && !said[err.Error()] {
			said[err.Error()] = true
			errs = append(errs, err)
		}
	}
	return unlessEnded(ctx, errors.Join(errs...))
}

// unlessEnded gives way to the end of the program, which makes every check fail.
func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (s *services) verifyCredentials(ctx context.Context) error {
	if len(s.signed) == 0 {
		return nil
	}
	_, err := s.credentials.Retrieve(ctx)
	switch {
	case err == nil:
		return nil
	case s.configured:
		return &sentence{fmt.Sprintf("the AWS credentials for %s can not be got (%s): check AWS_PROFILE, ~/.aws and the role of the task or instance", list(s.signed), cause(err)), err}
	}
	return &sentence{fmt.Sprintf("no AWS credentials for %s: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the task or instance a role", list(s.signed)), err}
}

// insist repeats a check while it fails for a reason that passes by itself, such as a 503, a lost connection or no
// answer, as long as ctx lasts. It then gives the last answer of the service rather than that the time is up. A port of this
// machine at which nobody listens is no such reason: on a laptop it is a server that was not started.
func insist(ctx context.Context, check func(context.Context) error) error {
	var last error
	for wait := 200 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		attempt, cancel := context.WithTimeout(ctx, attemptLimit)
		err := check(attempt)
		lost := attempt.Err() != nil
		cancel()
		switch {
		case last != nil && ctx.Err() != nil && err != nil:
			return last
		case err == nil || !lost && !passing.IsErrorRetryable(err) || refusedHere(err):
			return err
		}
		last = err
		again := time.NewTimer(wait)
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return last
		}
	}
}

// passing knows which errors of AWS are worth another attempt. Glue has one more, with status 400.
var passing = retry.NewStandard(func(o *retry.StandardOptions) {
	o.Retryables = append(o.Retryables, retry.RetryableErrorCode{Codes: map[string]struct{}{"OperationTimeoutException": {}}})
})

// refusedHere says whether a connection to this machine was refused.
func refusedHere(err error) bool {
	var op *net.OpError
	if !errors.As(err, &op) || !errors.Is(err, syscall.ECONNREFUSED) {
		return false
	}
	addr, ok := op.Addr.(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}

// A single check is worth three attempts: when many tasks start together, AWS throttles them.
func persist() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Second })
}

func (s *services) verifyStream(ctx context.Context, cfg config.Config) error {
	if err := s.stream.verify(ctx); err != nil {
		return err
	}
	name := cfg.Stream.Name
	in := &kinesis.DescribeStreamSummaryInput{StreamName: &name}
	if cfg.Stream.ARN != "" {
		in = &kinesis.DescribeStreamSummaryInput{StreamARN: &cfg.Stream.ARN}
	}
	out, err := s.kinesis.DescribeStreamSummary(ctx, in, func(o *kinesis.Options) { o.Retryer = persist() })
	if err == nil {
		s.streamARN = aws.ToString(out.StreamDescriptionSummary.StreamARN)
	}
	endpoint := aws.ToString(s.kinesis.Options().BaseEndpoint)
	return explain(err, request{
		service: "Kinesis", endpoint: endpoint, key: "stream.endpoint", region: s.region,
		doing: "describe stream " + name, thing: "stream " + name,
		missing: fmt.Sprintf("stream %s does not exist in %s: create it%s with `aws kinesis create-stream --stream-name %s%s`, or set stream.name or stream.region", name, s.region, s.stream.account(), name, s.cli(endpoint)),
		denied:  "allow kinesis:DescribeStreamSummary, kinesis:ListShards, kinesis:GetShardIterator and kinesis:GetRecords on it" + s.stream.to(),
	})
}

// verifyTable looks at the lease table. The consumer makes it when it is missing.
func (s *services) verifyTable(ctx context.Context, cfg config.Config) error {
	name := cfg.Leases.Table
	_, err := s.dynamodb.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name}, func(o *dynamodb.Options) { o.Retryer = persist() })
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return nil
	}
	return explain(err, request{
		service: "DynamoDB", endpoint: aws.ToString(s.dynamodb.Options().BaseEndpoint), key: "leases.endpoint", region: s.region,
		doing: "describe table " + name, thing: "table " + name,
		denied: "allow dynamodb:DescribeTable, CreateTable, Scan, GetItem, PutItem, UpdateItem and DeleteItem on it",
	})
}

// bucketUse is a bucket and the first key that names it.
type bucketUse struct{ name, key string }

// buckets lists every bucket once.
func buckets(cfg config.Config) []bucketUse {
	var uses []bucketUse
	seen := make(map[string]bool)
	for _, u := range cfg.Buckets() {
		if !seen[u.Bucket] {
			seen[u.Bucket] = true
			uses = append(uses, bucketUse{u.Bucket, u.Section + ".bucket"})
		}
	}
	return uses
}

func (s *services) verifyBucket(ctx context.Context, b bucketUse) error {
	as := s.buckets[b.name]
	if err := as.verify(ctx); err != nil {
		return err
	}
	_, err := s.bucket(b.name).HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &b.name}, func(o *s3.Options) { o.Retryer = persist() })
	endpoint := aws.ToString(s.s3.Options().BaseEndpoint)
	return explain(err, request{
		service: "S3", endpoint: endpoint, key: "s3.endpoint", region: s.region,
		doing: "look for bucket " + b.name, thing: "bucket " + b.name,
		missing: fmt.Sprintf("bucket %s does not exist: create it%s with `aws s3 mb s3://%s%s`, or set %s", b.name, as.account(), b.name, s.cli(endpoint), b.key),
		denied:  fmt.Sprintf("it belongs to somebody else, or s3:ListBucket is not allowed on it: allow that%s, or set %s", as.to(), b.key),
	})
}

// cli is how the aws command is led to the same place.
func (s *services) cli(endpoint string) string {
	flags := " --region " + s.region
	if endpoint != "" {
		flags += " --endpoint-url " + endpoint
	}
	return flags
}
