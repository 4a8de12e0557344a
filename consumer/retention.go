package consumer

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"standpipe/internal/awserr"
)

// retention is how long the stream keeps records. It may be changed while the application runs.
type retention struct {
	mu    sync.Mutex
	hours time.Duration
	asked time.Time
}

func (r *retention) set(d *types.StreamDescriptionSummary) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hours, r.asked = time.Duration(aws.ToInt32(d.RetentionPeriodHours))*time.Hour, time.Now()
}

func (r *retention) get() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hours
}

// stale says that the stream should be asked again: after five minutes.
func (r *retention) stale() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.asked) > 5*time.Minute
}

// describe asks for the stream's summary and takes its retention into use.
func (c *Consumer) describe(ctx context.Context) (*types.StreamDescriptionSummary, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	in := &kinesis.DescribeStreamSummaryInput{}
	in.StreamName, in.StreamARN = c.stream().ref()
	out, err := c.opts.Kinesis.DescribeStreamSummary(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("describe stream %s: %w", c.opts.Stream, awserr.Brief(err))
	}
	c.retention.set(out.StreamDescriptionSummary)
	return out.StreamDescriptionSummary, nil
}
