package dynamofake

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"standpipe/internal/faults"
)

// Options of a Server. The zero value is a server on the wall clock whose tables are ready at once.
type Options struct {
	// Now is the server's clock: when tables become active, when request tokens are forgotten. nil: time.Now.
	Now func() time.Time
	// CreateDelay is how long a new table is CREATING; until then reads and writes of it answer
	// ResourceNotFoundException, as AWS does. Default 0.
	CreateDelay time.Duration
}

// Server is a DynamoDB endpoint with its tables in memory. It is an http.Handler: serve it with net/http, or
// in process through faults.Transport. It asks for no signature. Every operation is atomic under one mutex;
// nothing outlives the Server. It is safe for concurrent use.
type Server struct {
	now         func() time.Time
	createDelay time.Duration
	gate        faults.Gate
	handler     http.Handler

	mu     sync.Mutex
	tables map[string]*table
	tokens map[string]remembered
	units  map[string]Units
}

var _ http.Handler = (*Server)(nil)

// New makes a server without tables.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{
		now:         o.Now,
		createDelay: o.CreateDelay,
		tables:      map[string]*table{},
		tokens:      map[string]remembered{},
		units:       map[string]Units{},
	}
	s.handler = s.gate.Handler(http.HandlerFunc(s.serve), s.name, func(w http.ResponseWriter, e *faults.Error) {
		body := e.Body
		if body == nil {
			body = (&apiError{code: e.Code, message: e.Message}).body()
		}
		answer(w, e.Status, body)
	})
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Control makes fn decide about each call of op, such as "UpdateItem" ("" for every call), until remove is
// called. The call's Object is the item's key; for TransactWriteItems and TransactGetItems the keys joined by
// ","; for other operations the table's name, for BatchGetItem the names joined by ",".
func (s *Server) Control(op string, fn faults.Hook) (remove func()) { return s.gate.Control(op, fn) }

// Calls is how many requests have reached the server, those a hook kept back included.
func (s *Server) Calls() int { return s.gate.Calls() }

// Operations counts the requests so far, by operation.
func (s *Server) Operations() map[string]int { return s.gate.Operations() }

const targetPrefix = "DynamoDB_20120810."

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	op, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
	run := operations[op]
	if !ok || run == nil || r.Method != http.MethodPost {
		fail(w, refuse("UnknownOperationException", "An unknown operation was requested."))
		return
	}
	out, err := run(s, body)
	if err != nil {
		fail(w, err)
		return
	}
	encoded, err := json.Marshal(out)
	if err != nil {
		panic(err) // answers are made of maps, strings and numbers
	}
	answer(w, http.StatusOK, encoded)
}

func fail(w http.ResponseWriter, err error) {
	var e *apiError
	if !errors.As(err, &e) {
		e = refuse("SerializationException", "%s", err)
	}
	answer(w, e.status, e.body())
}

func answer(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
