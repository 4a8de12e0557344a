package endtoend

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
	"standpipe/sink"
)

// control puts one hook before all three services.
func (w *World) control(hook faults.Hook) {
	w.Kinesis.Control("", hook)
	w.Dynamo.Control("", hook)
	w.S3.Control("", hook)
}

// once gives true the first time it is asked.
type once struct {
	mu   sync.Mutex
	done bool
}

func (o *once) first() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	was := o.done
	o.done = true
	return !was
}

func (o *once) happened() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.done
}

// TestFaultAtEachStep lets each step of commit and undo fail in each way, with a second worker that takes
// over where the first one dies: every record must be there exactly once in both outputs, at every moment.
func TestFaultAtEachStep(t *testing.T) {
	steps := []struct {
		name string
		undo bool // the step is only reached when an upload vanishes
	}{
		{"intent", false}, {"complete journal", false}, {"read journal", false}, {"complete object", false}, {"advance", false},
		{"mark", true}, {"abort journal", true}, {"read journal", true}, {"abort object", true}, {"delete object", true}, {"delete journal", true}, {"clear", true},
	}
	kinds := []string{"error before", "answer lost", "dies before", "dies after", "arrives late", "freezes before", "freezes after"}
	for _, s := range steps {
		for _, kind := range kinds {
			name := s.name + "/" + kind
			if s.undo {
				name = "undo/" + name
			}
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { faultAt(t, s.name, kind, s.undo) })
			})
		}
	}
}

func faultAt(t *testing.T, step, kind string, undo bool) {
	w := New(t, 2)
	outputs := func() []*sink.Output {
		return []*sink.Output{w.Output("raw", "clicks/", "gzip"), w.Output("plain", "plain/", "none")}
	}
	w.Put(40)
	var vanish, fault once
	late := make(chan struct{})
	w.control(func(c faults.Call, next func()) error {
		at := stepOf(c)
		if undo && at == "complete object" && strings.Contains(c.Object, "/plain/") && vanish.first() {
			// The other output's object may be completed already: it must be taken back.
			for _, u := range w.S3.Uploads(Bucket) {
				if strings.Contains(c.Object, u.Key) {
					if err := w.S3.Drop(Bucket, u.Key, u.ID); err != nil {
						t.Error(err)
					}
				}
			}
		}
		if at != step || undo && !vanish.happened() || !fault.first() {
			return nil
		}
		switch kind {
		case "error before":
			return &faults.Error{Status: 500, Code: "InternalError"}
		case "answer lost":
			next()
			return faults.ErrLost
		case "dies before":
			w.Worker(1).Kill()
			return faults.ErrLost
		case "dies after":
			next()
			w.Worker(1).Kill()
			return faults.ErrLost
		case "arrives late":
			go func() {
				<-late
				next()
			}()
			return faults.ErrLost
		case "freezes before":
			w.Worker(1).Freeze()
			<-late
			return nil
		case "freezes after":
			next()
			w.Worker(1).Freeze()
			<-late
			return nil
		}
		return nil
	})
	victim := w.Start(Settings{Outputs: outputs()})
	time.Sleep(5 * time.Second)
	second := w.Start(Settings{Outputs: outputs()})
	w.Put(40)
	for range 60 { // nothing is ever double, also on the way
		time.Sleep(time.Second)
		w.noDoubles("clicks/", "plain/")
	}
	w.Exactly(3*time.Minute, "clicks/", "plain/")
	if !fault.happened() {
		t.Fatal("the step was never reached")
	}
	close(late)
	victim.Thaw()
	w.Put(40)
	time.Sleep(30 * time.Second)
	w.Exactly(3*time.Minute, "clicks/", "plain/")
	if err := second.Stop(); err != nil {
		t.Error(err)
	}
	_ = victim.Stop()
	w.Exactly(0, "clicks/", "plain/")
	if n := len(w.S3.Uploads(Bucket)); n > 0 && kind == "error before" {
		t.Errorf("%d uploads are left open", n)
	}
	for s, r := range w.leases() {
		if r[0] != "" && victimDied(kind) == false {
			t.Errorf("%s still belongs to %s", s, r[0])
		}
	}
}

func victimDied(kind string) bool { return strings.HasPrefix(kind, "dies") }

// noDoubles fails if any record is visible twice under a prefix.
func (w *World) noDoubles(prefixes ...string) {
	w.T.Helper()
	for _, p := range prefixes {
		for id, n := range w.Delivered(p) {
			if n > 1 {
				w.T.Fatalf("record %d is visible %d times under %s", id, n, p)
			}
		}
	}
}
