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

// candidate is an open object and the bytes that its end would free.
type candidate struct {
	l       *lane
	o       *object
	touched int64
	frees   int64
}

func (s *Sink) makeRoom() {
	open, data, books, biggest := s.openObjects()
	if books > s.memory.limit*3/8 {
		biggest.requestCut(nil, CauseMemory)
	}
	// Below half the budget the rest is on its way anyway: answers being processed and parts being sent.
	if data+books <= s.memory.limit/2 {
		return
	}
	target := max(0, s.memory.limit/2-books) / 2
	least := data / int64(max(len(open), 1)) / 4 // an object that frees less is not worth its requests now
	slices.SortFunc(open, func(a, b candidate) int { return cmp.Compare(a.touched, b.touched) })
	for _, c := range open {
		if data <= target {
			return
		}
		if c.frees >= least && c.l.closeNow(c.o) {
			data -= c.frees
			s.metrics.closedEarly.Inc()
		}
	}
}

// openObjects lists the objects of the open batches that take lines, what these hold, what the books of all objects of these
// batches take, and the lane that has the most of them.
func (s *Sink) openObjects() (open []candidate, data, books int64, biggest *lane) {
	s.mu.Lock()
	lanes := append([]*lane(nil), s.lanes...)
	s.mu.Unlock()
	most := 0
	for _, l := range lanes {
		l.mu.Lock()
		if l.open != nil {
			for _, o := range l.open.objects {
				frees := max(o.held.Load()-objectCost, 0)
				open = append(open, candidate{l, o, o.touched.Load(), frees})
				data += frees
			}
			n := len(l.open.all)
			books += int64(n) * objectCost
			if n > most {
				most, biggest = n, l
			}
		}
		l.mu.Unlock()
	}
	return open, data, books, biggest
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
