package realservers

import (
	"os"
	"sync"
	"testing"

	"standpipe/internal/process"
)

// shared is a server that is started for its first user and stopped after its last.
type shared struct {
	kind
	mu      sync.Mutex
	users   int
	server  *Server
	process *process.Process
}

func (s *shared) use(t testing.TB) *Server {
	t.Helper()
	if endpoint := os.Getenv(s.variable); endpoint != "" {
		return given(endpoint)
	}
	if reason := s.absent(); reason != "" {
		unavailable(t, s.name+": "+reason)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == 0 {
		var err error
		if s.server, s.process, err = s.start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.users++
	t.Cleanup(func() { s.release(t) })
	return s.server
}

func (s *shared) release(t testing.TB) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.Failed() {
		t.Logf("%s logged:\n%s", s.name, s.process.Logged())
	}
	select {
	case <-s.process.Done:
		t.Errorf("%s ended by itself (%v); it logged:\n%s", s.name, s.process.Err, s.process.Logged())
	default:
	}
	if s.users--; s.users == 0 {
		s.process.End()
	}
}

// unavailable ends a test that has no server.
func unavailable(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("REQUIRE_SERVERS") == "1" {
		t.Fatalf("%s (and REQUIRE_SERVERS=1 is set)", reason)
	}
	t.Skip(reason)
}
