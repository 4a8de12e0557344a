package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A request that is never answered is asked again within the limit of the start; one that is never answered at all
// ends with it.
func TestInsistAsksAgainWhereNoAnswerCame(t *testing.T) {
	for _, answeredAt := range []int{2, 100} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), startLimit)
			defer cancel()
			asked, start := 0, time.Now()
			err := insist(ctx, func(ctx context.Context) error {
				if asked++; asked == answeredAt {
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			})
			if answeredAt == 2 && (err != nil || asked != 2) {
				t.Errorf("asked %d times: %v", asked, err)
			}
			if answeredAt > 2 && (!errors.Is(err, context.DeadlineExceeded) || asked < 2 || time.Since(start) > startLimit) {
				t.Errorf("asked %d times in %v: %v", asked, time.Since(start), err)
			}
		})
	}
}
