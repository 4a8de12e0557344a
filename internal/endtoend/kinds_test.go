package endtoend

import (
	"net/http"
	"strings"
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
	m := &meeting{act: actOf(c), worker: c.Header.Get(senderHeader), met: make(chan struct{})}
	s.mu.Lock()
	s.meet = m
	s.mu.Unlock()
	t := time.NewTimer(2 * late)
	defer t.Stop()
	select {
	case <-m.met:
	case <-t.C:
	}
	return nil
}, proof: func(s *scenario) string {
	select {
	case <-s.meet.met:
		return ""
	default:
		return "the other worker never came to this call"
	}
}}

// meeting is where a call waits for another worker's.
type meeting struct {
	act, worker string
	met         chan struct{}
}

func (m *meeting) arrive(r recorded) {
	if r.act == m.act && r.worker != m.worker {
		select {
		case <-m.met:
		default:
			close(m.met)
		}
	}
}

// freeze lets the sender of a call stand still until others have taken over.
func (s *scenario) freeze(c faults.Call) {
	wk := s.named(c.Header.Get(senderHeader))
	wk.Freeze()
	time.Sleep(late)
	wk.Thaw()
}
