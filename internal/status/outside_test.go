package status

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/consumer"
)

// TestKinesisThatDoesNotAnswerHidesNothing of what the lease table tells, and is not waited for long.
func TestKinesisThatDoesNotAnswerHidesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := newStand(3).view.Snapshot
		mute := func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		o := &Outside{
			Limits: Limits{Failover: 30 * time.Second, Interval: time.Minute},
			Scan:   func(context.Context) (*consumer.Snapshot, error) { return &table, nil },
			List:   func(ctx context.Context) (map[string][]string, error) { return nil, mute(ctx) },
			Lag: func(ctx context.Context, _ consumer.Lease, _ consumer.Application) (time.Duration, error) {
				return 0, mute(ctx)
			},
		}
		began := time.Now()
		s, err := o.Look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, f := range s.Verdict.Findings {
			said = append(said, f.Text)
		}
		text := strings.Join(said, "\n")
		for _, want := range []string{"The stream's shards can not be listed: Kinesis can not be reached: timeout.", "How far some shards are behind is not known: Kinesis can not be reached: timeout."} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in %s", want, text)
			}
		}
		if took := time.Since(began); took > answerWithin || len(s.Shards.Shown) != 3 || len(s.Workers) != 1 {
			t.Errorf("after %s: %+v", took, s)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := o.Look(ctx); err != context.Canceled {
			t.Errorf("a look that was called off: %v", err)
		}
	})
}
