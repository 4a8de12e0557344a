package endtoend

import (
	"strings"
	"time"

	"standpipe/internal/faults"
)

// vanishBatch takes away the upload that is about to be completed, and sometimes all others of its batch too.
func (c *chaos) vanishBatch(call faults.Call, all bool) {
	open := c.sim.w.S3.Uploads(Bucket)
	batch := ""
	for _, u := range open {
		if strings.HasSuffix(call.Object, "/"+u.Key) {
			batch = u.Metadata["standpipe-batch"]
			c.sim.check.TakeAway(u.Key, u.ID)
		}
	}
	for _, u := range open {
		if all && batch != "" && u.Metadata["standpipe-batch"] == batch {
			c.sim.check.TakeAway(u.Key, u.ID)
		}
	}
}

// vanishAny takes away an upload of any age, also one that nobody has promised yet.
func (c *chaos) vanishAny() {
	open := c.sim.w.S3.Uploads(Bucket)
	if len(open) == 0 {
		return
	}
	u := open[c.sim.rng.IntN(len(open))]
	c.sim.log("LIFECYCLE takes %s", u.Key)
	c.sim.sum.count("lifecycle abort")
	c.sim.check.TakeAway(u.Key, u.ID)
}

// outage cuts one service off, or the whole of AWS.
func (c *chaos) outage() {
	services := []string{"s3", "dynamodb", "kinesis"}
	if i := c.sim.rng.IntN(4); i < 3 {
		services = services[i : i+1]
	}
	d := upTo(c.sim.rng, 30*time.Second)
	c.sim.log("OUTAGE of %v for %v", services, d)
	c.sim.sum.count("outage")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away == nil {
		c.away = map[string]time.Time{}
	}
	for _, s := range services {
		c.away[s] = time.Now().Add(d)
	}
}

// muteHeart lets a worker's heartbeat fail while all else works: others take its shards, and it goes on in good faith.
func (c *chaos) muteHeart(wk *Worker) {
	d := upTo(c.sim.rng, 40*time.Second)
	c.sim.log("MUTE %s for %v", wk.Name, d)
	c.sim.sum.count("heartbeat muted")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mutes = append(c.mutes, spell{wk.Name, time.Now(), time.Now().Add(d)})
}

func (c *chaos) slow() {
	d := upTo(c.sim.rng, 30*time.Second)
	c.sim.log("SLOW S3 for %v", d)
	c.sim.sum.count("slow S3")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slowS3 = time.Now().Add(d)
}

// jump sets a service's clock forward or back: tokens and iterators expire, and arrival times stand still or leap.
func (c *chaos) jump() {
	d := upTo(c.sim.rng, 20*time.Minute)
	if c.sim.rng.IntN(3) == 0 {
		d = -upTo(c.sim.rng, 20*time.Second)
	}
	which := &c.sim.w.kinesisClock
	if c.sim.rng.IntN(2) == 0 {
		which = &c.sim.w.dynamoClock
	}
	c.sim.log("CLOCK jumps by %v", d)
	c.sim.sum.count("clock jump")
	which.jump(d)
}

// spell is a time in which a worker's heartbeat fails.
type spell struct {
	worker   string
	from, to time.Time
}

// muted says whether a worker's heartbeat fails now. The caller holds c.mu.
func (c *chaos) muted(worker string, now time.Time) bool {
	for _, m := range c.mutes {
		if m.worker == worker && !now.Before(m.from) && now.Before(m.to) {
			return true
		}
	}
	return false
}
