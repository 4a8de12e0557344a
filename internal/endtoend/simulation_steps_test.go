package endtoend

import (
	"math/rand/v2"
	"time"
)

// step does one thing to the world.
func (s *simulation) step() {
	s.buryEnded()
	s.put(s.rng.IntN(30))
	switch s.rng.IntN(19) {
	case 0, 1:
		if len(s.live) < 5 {
			s.start()
		}
	case 2, 3:
		if len(s.live) > 1 {
			s.kill(s.rng.IntN(len(s.live)))
		}
	case 4:
		if len(s.live) > 1 {
			i := s.rng.IntN(len(s.live))
			if wk := s.live[i]; !s.frozen[wk] {
				s.live = append(s.live[:i:i], s.live[i+1:]...)
				s.stop(wk)
			}
		}
	case 5, 6:
		if len(s.live) > 0 {
			s.freezeOrThaw(s.live[s.rng.IntN(len(s.live))])
		}
	case 7, 8:
		s.reshard()
	case 9:
		s.chaos.vanishAny()
	case 10:
		s.chaos.outage()
	case 11, 12:
		if len(s.live) > 0 {
			s.chaos.muteHeart(s.live[s.rng.IntN(len(s.live))])
		}
	case 13:
		s.chaos.slow()
	case 14:
		s.chaos.jump()
	case 15, 16:
		s.tossLeases()
	case 17:
		s.chaos.mu.Lock()
		s.chaos.old = &straggler{sim: s}
		s.chaos.mu.Unlock()
	}
}

func (s *simulation) start() {
	set := s.set
	if s.rng.IntN(5) == 0 {
		set.MaxLeases = 1 + s.rng.IntN(2)
	}
	s.run(set)
}

// makeRoom starts a worker without a limit if there is none: its supervisor would, where one has ended.
func (s *simulation) makeRoom() {
	for _, wk := range s.live {
		if !s.limited[wk] {
			return
		}
	}
	s.run(s.set)
}

func (s *simulation) run(set Settings) {
	wk := s.w.Start(set)
	s.live, s.all, s.limited[wk] = append(s.live, wk), append(s.all, wk), set.MaxLeases > 0
	s.sum.count("start")
	s.log("START %s, at most %d leases", wk.Name, set.MaxLeases)
}

func (s *simulation) kill(i int) {
	wk := s.live[i]
	s.log("KILL %s", wk.Name)
	s.sum.count("kill")
	wk.Kill()
	delete(s.frozen, wk)
	s.live = append(s.live[:i:i], s.live[i+1:]...)
}

func (s *simulation) stop(wk *Worker) {
	s.log("STOP %s", wk.Name)
	s.sum.count("stop")
	s.stops++
	go func() {
		err := wk.Stop()
		s.log("%s has stopped: %v", wk.Name, err)
		s.stopped <- struct{}{}
	}()
}

func (s *simulation) freezeOrThaw(wk *Worker) {
	if s.frozen[wk] {
		s.log("THAW %s", wk.Name)
		s.sum.count("thaw")
		wk.Thaw()
		delete(s.frozen, wk)
		return
	}
	s.log("FREEZE %s", wk.Name)
	s.sum.count("freeze")
	wk.Freeze()
	s.frozen[wk] = true
}

// buryEnded forgets workers that have ended by themselves: their start met a fault that lasted.
func (s *simulation) buryEnded() {
	var live []*Worker
	for _, wk := range s.live {
		select {
		case <-wk.done:
			s.log("%s has ended: %v", wk.Name, wk.err)
			s.sum.count("ended at its start")
			wk.end()
			delete(s.frozen, wk)
		default:
			live = append(live, wk)
		}
	}
	s.live = live
}

// reshard splits a shard or merges two, if those drawn can be.
func (s *simulation) reshard() {
	shards, err := s.w.Kinesis.Shards(Stream)
	if err != nil {
		s.t.Fatal(err)
	}
	var open []string
	for _, sh := range shards {
		if sh.End == "" {
			open = append(open, sh.ID)
		}
	}
	pick := func() string { return open[s.rng.IntN(len(open))] }
	if len(open) < 2 || len(open) < 6 && s.rng.IntN(2) == 0 {
		if _, _, err := s.w.Kinesis.Split(Stream, pick()); err == nil {
			s.sum.count("split")
		}
		return
	}
	for range 8 { // until two neighbours are drawn
		if _, err := s.w.Kinesis.Merge(Stream, pick(), pick()); err == nil {
			s.sum.count("merge")
			return
		}
	}
}

func upTo(rng *rand.Rand, d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d))) }
