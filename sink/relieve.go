package sink

import (
	"cmp"
	"slices"
)

// relieve makes room when a reader waits for memory: it closes the objects that were written least
// recently, so that their bytes leave for S3. That does not cut the batch. Only when the books of closed
// objects themselves take too much does it ask for a cut.
func (s *Sink) relieve() {
	for {
		select {
		case <-s.short:
		case <-s.ctx.Done():
			return
		}
		s.makeRoom()
	}
}

func (s *Sink) makeRoom() {
	s.mu.Lock()
	lanes := append([]*lane(nil), s.lanes...)
	s.mu.Unlock()
	type candidate struct {
		l *lane
		o *object
	}
	var open []candidate
	var held, books, most int64
	var biggest *lane
	for _, l := range lanes {
		l.mu.Lock()
		if l.open != nil {
			for _, o := range l.open.objects {
				open = append(open, candidate{l, o})
				held += o.held.Load()
			}
			closed := int64(len(l.open.all)-len(l.open.objects)) * objectCost
			books += closed
			if closed > most {
				most, biggest = closed, l
			}
		}
		l.mu.Unlock()
	}
	if books > s.memory.limit/4 {
		biggest.requestCut(nil, CauseMemory)
	}
	// Below half the budget the rest is on its way anyway: answers being processed and parts being sent.
	if held+books <= s.memory.limit/2 {
		return
	}
	slices.SortFunc(open, func(a, b candidate) int { return cmp.Compare(a.o.touched.Load(), b.o.touched.Load()) })
	for _, c := range open {
		if held <= s.memory.limit/4 {
			return
		}
		n := c.o.held.Load()
		if c.l.closeNow(c.o) {
			held -= n
			s.metrics.closedEarly.Inc()
		}
	}
}

// closeNow closes an object of the open batch unless somebody is doing so.
func (l *lane) closeNow(o *object) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open != o.b {
		return false
	}
	o.mu.Lock()
	closing := o.closing
	o.closing = true
	o.mu.Unlock()
	if closing {
		return false
	}
	o.b.closeEarly(o)
	return true
}
