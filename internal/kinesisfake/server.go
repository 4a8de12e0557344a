package kinesisfake

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"standpipe/internal/faults"
)

// Server is a Kinesis service with its own streams, an http.Handler for any host. Requests need no signature.
// It is safe for concurrent use, starts no goroutine and keeps everything in memory until a stream is deleted.
type Server struct {
	// Gate decides about each request before it is served; set by New, never nil.
	Gate *faults.Gate

	opts    Options
	handler http.Handler

	mu      sync.RWMutex
	streams map[string]*stream
	created uint64 // streams ever

	epochMu sync.Mutex
	epoch   uint64
}

// New makes a server without streams.
func New(opts Options) *Server {
	opts = opts.withDefaults()
	s := &Server{Gate: opts.Gate, opts: opts, streams: map[string]*stream{}}
	s.handler = s.Gate.Handler(http.HandlerFunc(s.serve), name, writeError)
	return s
}

// Control makes fn decide about each call of op ("" for every call) until remove is called. The call's Object is
// the shard id for GetRecords (taken from the iterator), GetShardIterator and SplitShard, "a,b" for MergeShards,
// empty for PutRecord, PutRecords and ListStreams, and the stream's name otherwise.
func (s *Server) Control(op string, fn faults.Hook) (remove func()) { return s.Gate.Control(op, fn) }

// ServeHTTP answers one request of the Kinesis API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

const (
	jsonContentType = "application/x-amz-json-1.1"
	cborContentType = "application/x-amz-cbor-1.1" // served for GetRecords
	targetPrefix    = "Kinesis_20131202."
)

func operation(r *http.Request) string {
	op, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
	if !ok || r.Method != http.MethodPost {
		return ""
	}
	return op
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	op := operation(r)
	fn := operations[op]
	contentType := r.Header.Get("Content-Type")
	inCBOR := contentType == cborContentType && op == "GetRecords"
	if inCBOR {
		fn = serveGetRecordsInCBOR
	}
	if fn == nil || contentType != jsonContentType && !inCBOR {
		writeError(w, refuse("UnknownOperationException", "Operation %q with content type %q is not served here.",
			op, contentType))
		return
	}
	a, err := fn(s, s.opts.Now(), r.Body)
	var refusal *faults.Error
	switch {
	case errors.As(err, &refusal):
		writeErrorAs(w, contentType, refusal)
	case err != nil:
		writeErrorAs(w, contentType, &faults.Error{Status: http.StatusInternalServerError, Code: "InternalFailure", Message: err.Error()})
	default:
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body))) // as AWS does, however long it is
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(a.body)
		a.release()
	}
}

// lookup finds a stream and lets due changes happen.
func (s *Server) lookup(now time.Time, name string) (*stream, error) {
	s.mu.RLock()
	st := s.streams[name]
	s.mu.RUnlock()
	if st == nil {
		return nil, noStream(name)
	}
	st.settle(now)
	st.mu.RLock()
	gone := !st.gone.IsZero() && !now.Before(st.gone)
	st.mu.RUnlock()
	if !gone {
		return st, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams[name] == st {
		delete(s.streams, name)
	}
	return nil, noStream(name)
}

// cutoff is the arrival time, in Unix milliseconds, up to which records are trimmed.
func (s *Server) cutoff(now time.Time) int64 { return now.Add(-s.opts.Retention).UnixMilli() }

// nextEpoch is a place in time for new shards, above those of all shards so far.
func (s *Server) nextEpoch(now time.Time, parent uint64) uint64 {
	s.epochMu.Lock()
	defer s.epochMu.Unlock()
	s.epoch = max(s.epoch+1, parent+1, uint64(now.Unix()))
	return s.epoch
}

// room refuses more open shards than the limit allows.
func (s *Server) room(now time.Time, more int) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	have := 0
	for _, st := range s.streams {
		st.settle(now)
		st.mu.RLock()
		have += len(st.open)
		st.mu.RUnlock()
	}
	if have+more > s.opts.ShardLimit {
		return tooManyShards(have, s.opts.ShardLimit, more)
	}
	return nil
}
