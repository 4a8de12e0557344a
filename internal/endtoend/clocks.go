package endtoend

import (
	"sync"
	"time"
)

// clock is a service's clock. It runs with the bubble's, and can be set forward and back: seen from a worker this
// is the same as its own wall clock jumping, since all that it compares its time with comes from the services.
type clock struct {
	mu   sync.Mutex
	skew time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.skew)
}

// jump never goes behind the true time: what the service made then would lie in its future.
func (c *clock) jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew = max(0, c.skew+d)
}
