package demo

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestStrikeHoldsUpOneCompletion sees the trap take the next completion only, before or after it takes effect, and
// name the worker that sent it.
func TestStrikeHoldsUpOneCompletion(t *testing.T) {
	for _, after := range []bool{false, true} {
		effect := make(chan string, 3)
		s := &striker{next: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { effect <- r.URL.Path })}
		ask := func(target string) {
			r := httptest.NewRequest(http.MethodPost, target, nil)
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=worker-7/20260131/us-east-1/s3/aws4_request, SignedHeaders=host")
			s.ServeHTTP(httptest.NewRecorder(), r)
		}
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			for armed := false; !armed; {
				s.mu.Lock()
				armed = s.armed != nil
				s.mu.Unlock()
			}
			ask("/lake/created?uploads")
			ask("/lake/first?uploadId=1")
		}()
		name, free := s.wait(t.Context(), after, time.Minute)
		if name != "worker-7" {
			t.Errorf("the worker is %q", name)
		}
		if got := <-effect; got != "/lake/created" {
			t.Errorf("first came %s", got)
		}
		if got := len(effect) == 1; got != after {
			t.Errorf("effect before the kill: %v, want %v", got, after)
		}
		ask("/lake/second?uploadId=2") // nobody holds it up
		free()
		<-answered
		if len(effect) != 2 {
			t.Errorf("%d completions took effect, want 2", len(effect))
		}
	}
}

func TestStrikeGivesUp(t *testing.T) {
	s := &striker{}
	name, free := s.wait(t.Context(), false, time.Millisecond)
	free()
	if name != "" || s.armed != nil {
		t.Errorf("got %q, armed %v", name, s.armed)
	}
}
