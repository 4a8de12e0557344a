// Package pause waits. It stands apart so that everything that retries ends its waits with its context in one way.
package pause

import (
	"context"
	"time"
)

// For waits for d, or until ctx ends; its error is then ctx's.
func For(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
