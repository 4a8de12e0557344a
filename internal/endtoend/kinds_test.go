package endtoend

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"standpipe/internal/dynamofake"
	"standpipe/internal/faults"
)

// kind is one way in which a call goes wrong.
type kind struct {
	name   string
	at     func(recorded) bool // which calls it can happen to
	happen func(s *scenario, c faults.Call, next func()) error
	proof  func(*scenario) string // says what has not come of it although it must; nil: nothing particular must
}

func always(recorded) bool { return true }

// isWrite is for faults that do where a call only reads what another kind does there. Reading the journal is a step of
// the protocol and counts with the writes.
func isWrite(r recorded) bool {
	return writes(faults.Call{Op: r.op}) && r.act != "heartbeat" || r.op == "UploadPart" || r.act == "read journal"
}
func isComplete(r recorded) bool { return r.op == "CompleteMultipartUpload" }

func inDynamo(r recorded) bool {
	return r.op == "TransactWriteItems" || r.op == "UpdateItem" || r.op == "PutItem" || r.op == "DeleteItem"
}

var kinds = []*kind{
	{name: "error before", at: always, happen: func(_ *scenario, c faults.Call, _ func()) error {
		return &faults.Error{Status: http.StatusInternalServerError, Code: "InternalError"}
	}},
	{name: "answer lost", at: isWrite, happen: func(_ *scenario, _ faults.Call, next func()) error {
		next()
		return faults.ErrLost
	}},
	{name: "dies before", at: always, happen: func(s *scenario, c faults.Call, _ func()) error {
		s.kill(c.Header.Get(senderHeader))
		return faults.ErrLost
	}},
	{name: "dies after", at: isWrite, happen: func(s *scenario, c faults.Call, next func()) error {
		next()
		s.kill(c.Header.Get(senderHeader))
		return faults.ErrLost
	}},
	// The whole process stands still, as in a long pause of its machine, while others take over.
	{name: "freezes before", at: isWrite, happen: func(s *scenario, c faults.Call, next func()) error {
		s.freeze(c)
		return nil
	}},
	{name: "freezes after", at: always, happen: func(s *scenario, c faults.Call, next func()) error {
		next()
		s.freeze(c)
		return nil
	}},
	{name: "arrives late", at: isWrite, happen: func(_ *scenario, _ faults.Call, next func()) error {
		go func() {
			time.Sleep(late)
			next()
		}()
		return faults.ErrLost
	}},
	{name: "heartbeat fails from here", at: always, happen: func(s *scenario, c faults.Call, _ func()) error {
		s.mu.Lock()
		s.deaf[c.Header.Get(senderHeader)] = time.Now().Add(3 * failover)
		s.mu.Unlock()
		return nil
	}},
	{name: "conflict", at: inDynamo, happen: func(_ *scenario, c faults.Call, _ func()) error {
		if c.Op != "TransactWriteItems" {
			return dynamofake.Conflict()
		}
		reasons := strings.Split(c.Object, ",")
		for i := range reasons {
			reasons[i] = "None"
		}
		reasons[len(reasons)-1] = "TransactionConflict"
		return dynamofake.Canceled(reasons...)
	}},
	{name: "in progress", at: isTransaction, happen: func(*scenario, faults.Call, func()) error { return dynamofake.InProgress() }},
	{name: "in progress, takes effect", at: isTransaction, happen: func(_ *scenario, _ faults.Call, next func()) error {
		next()
		return dynamofake.InProgress()
	}},
	{name: "error inside a 200", at: isComplete, happen: func(*scenario, faults.Call, func()) error {
		return &faults.Error{Status: http.StatusOK, Code: "InternalError", Message: "We encountered an internal error. Please try again."}
	}},
	{name: "error inside a 200, takes effect", at: isComplete, happen: func(_ *scenario, _ faults.Call, next func()) error {
		next()
		return &faults.Error{Status: http.StatusOK, Code: "InternalError", Message: "We encountered an internal error. Please try again."}
	}},
	{name: "answer lost, then HEAD 403", at: isComplete, happen: func(s *scenario, _ faults.Call, next func()) error {
		next()
		s.mu.Lock()
		s.denied = 3
		s.mu.Unlock()
		return faults.ErrLost
	}, proof: func(s *scenario) string {
		if s.refused < 3 {
			return "no HEAD was refused"
		}
		return ""
	}},
	vanished,
}

// isResolving is for the calls by which any worker carries a batch out or takes it back.
func isResolving(r recorded) bool {
	return r.role == "batch" && r.act != "intent" || r.op == "HeadObject" || strings.HasSuffix(r.act, " journal") || strings.HasSuffix(r.act, " object")
}

func isTransaction(r recorded) bool { return r.op == "TransactWriteItems" }

// vanished takes an upload away before it is completed. The batch must be undone.
var vanished = &kind{name: "upload vanished", at: isComplete, happen: func(s *scenario, c faults.Call, _ func()) error {
	for _, u := range s.w.S3.Uploads(Bucket) {
		if c.Object == Bucket+"/"+u.Key {
			s.check.Vanished(u.ID)
			if err := s.w.S3.Drop(Bucket, u.Key, u.ID); err != nil {
				s.w.T.Error(err)
			}
		}
	}
	return nil
}, proof: func(s *scenario) string {
	if s.seen["mark batch"] == 0 {
		return "the batch was not undone"
	}
	return ""
}}

// twoResolvers holds a call back until another worker, which thinks nothing of its sender, makes the same one.
var twoResolvers = &kind{name: "two resolvers", at: isResolving, happen: func(s *scenario, c faults.Call, _ func()) error {
	return s.hold(&meeting{act: actOf(c), worker: c.Header.Get(senderHeader)})
}, proof: didMeet}

// arrivesAfter holds the completion of an object back until a step of the undo has been made, be it by its own sender, which
// gave up on it when another upload turned out to be gone.
func arrivesAfter(step string) *kind {
	return &kind{name: "arrives after " + step, at: func(r recorded) bool { return r.act == "complete object" }, happen: func(s *scenario, c faults.Call, _ func()) error {
		m := &meeting{act: step, after: true}
		if strings.HasSuffix(step, " object") {
			m.role = roleOf(c)
		}
		return s.hold(m)
	}, proof: didMeet}
}

// undoKinds can only happen while a batch is taken back.
var undoKinds = []*kind{arrivesAfter("mark"), arrivesAfter("abort object"), arrivesAfter("delete object"), arrivesAfter("clear")}

// meeting is what a call that is held back waits for: another call.
type meeting struct {
	act, role string // role "": any
	worker    string // not this one's; "": anybody's
	after     bool   // it must have taken effect
	once      sync.Once
	met       chan struct{}
}

// hold holds a call back until the meeting, or much longer than it takes others to act.
func (s *scenario) hold(m *meeting) error {
	m.met = make(chan struct{})
	s.mu.Lock()
	s.meet = m
	s.mu.Unlock()
	t := time.NewTimer(3 * late)
	defer t.Stop()
	select {
	case <-m.met:
	case <-t.C:
	}
	return nil
}

// arrive lets the call that waits go on when another's is the one it waits for.
func (m *meeting) arrive(r recorded, next func()) {
	if r.act != m.act || r.worker == m.worker || m.role != "" && r.role != m.role {
		return
	}
	m.once.Do(func() {
		if m.after {
			next()
		}
		close(m.met)
	})
}

func didMeet(s *scenario) string {
	select {
	case <-s.meet.met:
		return ""
	default:
		return "what it waited for did not come: " + s.meet.act
	}
}

// freeze lets the sender of a call stand still until others have taken over.
func (s *scenario) freeze(c faults.Call) {
	wk := s.named(c.Header.Get(senderHeader))
	wk.Freeze()
	time.Sleep(late)
	wk.Thaw()
}
