// Package faults lets a test decide what happens to each request that reaches a fake server: it may fail
// before it takes effect, take effect and lose its answer, wait, or arrive long after its sender gave up.
// Every fake (Kinesis, DynamoDB, S3) is wrapped by the same Gate, so one vocabulary of faults serves all three.
package faults

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
)

// Call is one request as a fault sees it.
type Call struct {
	Service    string // "kinesis", "dynamodb" or "s3"
	Op         string // the API operation, such as "GetRecords" or "CompleteMultipartUpload"
	Object     string // what it acts on: shard id, lease key (or "a,b" for a transaction), "bucket/key"
	Occurrence int    // 1 for the first call of this Op on this Object, 2 for the second, …
	Body       []byte // the request's body, as sent
	Header     http.Header
}

// ErrLost, returned by a Hook, drops the connection without an answer. If the hook called next before, the
// request has taken effect and only its answer is lost.
var ErrLost = errors.New("answer lost")

// Error, returned by a Hook, is answered in place of the server's own answer.
type Error struct {
	Status  int    // HTTP status; S3's error inside a success is Status 200
	Code    string // "ThrottlingException", "SlowDown", "TransactionCanceledException", …
	Message string
	Body    []byte // when not nil, sent as it is instead of Code and Message
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Hook decides about one call. It may call next at most once, which carries the request out; it may block
// before and after. It returns nil to send the server's answer (next is called if it was not), ErrLost to
// send none, or an *Error to send that instead. Hooks run concurrently, one goroutine a request.
type Hook func(call Call, next func()) error

// Gate wraps a fake server's handler. The zero Gate passes everything. It is safe for concurrent use.
type Gate struct {
	mu    sync.Mutex
	hooks []*entry
	seen  map[string]int
	ops   map[string]int
	total int
}

type entry struct {
	op string
	fn Hook
}

// Control makes fn decide about each call of op ("" for every call) until remove is called. Of several
// hooks for a call the one added last decides.
func (g *Gate) Control(op string, fn Hook) (remove func()) {
	e := &entry{op, fn}
	g.mu.Lock()
	g.hooks = append(g.hooks, e)
	g.mu.Unlock()
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		for i, h := range g.hooks {
			if h == e {
				g.hooks = append(g.hooks[:i:i], g.hooks[i+1:]...)
				return
			}
		}
	}
}

// Calls is how many requests have reached the gate.
func (g *Gate) Calls() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.total
}

// Operations counts the requests that have reached the gate, by operation.
func (g *Gate) Operations() map[string]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.ops)
}

func (g *Gate) admit(call *Call) Hook {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen == nil {
		g.seen, g.ops = map[string]int{}, map[string]int{}
	}
	g.total++
	g.ops[call.Op]++
	k := call.Op + " " + call.Object
	g.seen[k]++
	call.Occurrence = g.seen[k]
	for i := len(g.hooks) - 1; i >= 0; i-- {
		if g.hooks[i].op == "" || g.hooks[i].op == call.Op {
			return g.hooks[i].fn
		}
	}
	return nil
}

// Handler puts the gate before h. name says which operation and object a request is; its Service, Op and
// Object are used. fail writes an *Error in the service's own form.
func (g *Gate) Handler(h http.Handler, name func(*http.Request, []byte) Call, fail func(http.ResponseWriter, *Error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		call := name(r, body)
		hook := g.admit(&call)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if hook == nil {
			h.ServeHTTP(w, r)
			return
		}
		call.Body, call.Header = body, r.Header
		// The effect must not depend on whether the sender still waits.
		detached := r.Clone(context.WithoutCancel(r.Context()))
		detached.Body = r.Body
		var answer *httptest.ResponseRecorder
		next := func() {
			if answer == nil {
				answer = httptest.NewRecorder()
				h.ServeHTTP(answer, detached)
			}
		}
		err = hook(call, next)
		var instead *Error
		switch {
		case errors.As(err, &instead):
			fail(w, instead)
		case err != nil:
			panic(http.ErrAbortHandler)
		default:
			next()
			for k, v := range answer.Header() {
				w.Header()[k] = v
			}
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes())
		}
	})
}

// Transport answers requests from handlers in this process, without a socket: hosts[host] serves requests
// to http://host/. A handler that aborts makes RoundTrip fail as a broken connection does.
func Transport(hosts map[string]http.Handler) http.RoundTripper {
	return transport(hosts)
}

type transport map[string]http.Handler

// ErrBroken is what a sender sees when the server drops the connection.
var ErrBroken = errors.New("connection reset by the fake server")

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	h := t[r.URL.Host]
	if h == nil {
		return nil, errors.New("no such host: " + r.URL.Host)
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		_ = r.Body.Close()
	}
	in := r.Clone(r.Context())
	in.Body = io.NopCloser(bytes.NewReader(body))
	in.ContentLength = int64(len(body))
	in.RequestURI = r.URL.RequestURI()
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	type result struct {
		resp *http.Response
		err  error
	}
	done := make(chan result, 1)
	go func() {
		rec := httptest.NewRecorder()
		defer func() {
			if p := recover(); p != nil {
				if p != http.ErrAbortHandler {
					panic(p)
				}
				done <- result{nil, ErrBroken}
				return
			}
			resp := rec.Result()
			resp.Request = r
			done <- result{resp, nil}
		}()
		h.ServeHTTP(rec, in)
	}()
	select {
	case res := <-done:
		return res.resp, res.err
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}
