package demo

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
)

// striker stands before the S3 server and holds up the next completion of an upload, so that a worker can be killed
// in the middle of a commit: its batch is promised in the lease table, and not or only partly visible.
type striker struct {
	next http.Handler

	mu    sync.Mutex
	armed *trap
}

// trap waits for one completion.
type trap struct {
	after bool          // hold the answer back, not the request
	name  chan string   // takes the worker's name, once
	done  chan struct{} // closed when the worker is dead, or the trap is given up
}

func (s *striker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var t *trap
	if r.Method == http.MethodPost && r.URL.Query().Has("uploadId") {
		s.mu.Lock()
		t, s.armed = s.armed, nil
		s.mu.Unlock()
	}
	if t == nil {
		s.next.ServeHTTP(w, r)
		return
	}
	if t.after {
		s.next.ServeHTTP(w, r)
	}
	t.name <- signer(r)
	<-t.done
	if !t.after {
		s.next.ServeHTTP(w, r) // the request was on its way: the server carries it out all the same
	}
}

// signer is the access key that a request is signed with: the name of the worker that sent it.
func signer(r *http.Request) string {
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	name, _, _ := strings.Cut(credential, "/")
	return name
}

// wait gives the name of the worker whose commit is held up, "" if there is none within limit. free lets go of it.
func (s *striker) wait(ctx context.Context, after bool, limit time.Duration) (name string, free func()) {
	t := &trap{after: after, name: make(chan string, 1), done: make(chan struct{})}
	free = func() { close(t.done) }
	s.mu.Lock()
	s.armed = t
	s.mu.Unlock()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case name = <-t.name:
		return name, free
	case <-timer.C:
	case <-ctx.Done():
	}
	s.mu.Lock()
	if s.armed == t {
		s.armed = nil
	}
	s.mu.Unlock()
	return "", free
}
