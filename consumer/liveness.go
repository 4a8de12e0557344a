package consumer

import "time"

// liveness judges other workers by whether their heartbeat moves, on this process's monotonic clock. A
// mistake costs time, never correctness: every write is fenced by the epoch.
type liveness struct {
	failover time.Duration
	seen     map[string]sighting
	looked   time.Time // at the last snapshot: nobody was watched since, so nobody is judged by the time since
}

type sighting struct {
	beat  int64
	moved time.Time
}

// rowSign is the name under which a lease row itself is observed, when its owner has no heartbeat.
func rowSign(row Lease) string { return row.Owner + " " + row.Shard }

// observe takes note of a heartbeat. It says whether a beat that was known before has moved.
func (l *liveness) observe(who string, beat int64, now time.Time) (moved bool) {
	s, known := l.seen[who]
	if !known || s.beat != beat {
		l.seen[who] = sighting{beat, now}
	}
	return known && s.beat != beat
}

// forget drops what is in the table no more.
func (l *liveness) forget(snap *Snapshot) {
	there := make(map[string]bool, len(snap.Workers))
	for w := range snap.Workers {
		there[w] = true
	}
	for _, row := range snap.Leases {
		there[rowSign(row)] = true
	}
	for who := range l.seen {
		if !there[who] {
			delete(l.seen, who)
		}
	}
}

// alive is true until a beat has stood still for the failover time.
func (l *liveness) alive(who string, now time.Time) bool {
	s, known := l.seen[who]
	if now.Sub(l.looked) > l.failover/2 { // this process stood still, or the table can not be read
		now = l.looked
	}
	return known && now.Sub(s.moved) < l.failover
}
