package httpserver

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"
)

const (
	headerTimeout   = 5 * time.Second
	readTimeout     = 10 * time.Second
	writeTimeout    = 30 * time.Second
	idleTimeout     = time.Minute
	headerBytes     = 16 << 10
	bodyBytes       = 4 << 10 // nobody needs to send one
	connections     = 64      // at once; more take the places of those that are at no request
	scrapes         = 4       // at once; more are answered 503
	observeEvery    = 5 * time.Second
	shutdownTimeout = 2 * time.Second
)

// Options configures a Server.
type Options struct {
	// Snapshot is called for each probe and every 5 s beside; it must be quick and safe for concurrent use.
	Snapshot func() Snapshot
	Limits   Limits
	Metrics  prometheus.Gatherer
	Page     http.Handler // answers GET and HEAD of every other path; nil = a line that names the probes, at / alone
	Log      zerolog.Logger
}

// Server answers GET and HEAD of /healthz, /readyz and /metrics, and of what Options.Page does.
type Server struct {
	opts  Options
	judge judge
}

// New makes a server. It does nothing before Serve.
func New(opts Options) *Server { return &Server{opts: opts, judge: judge{limits: opts.Limits}} }

// Serve answers requests until ctx ends, then lets those under way finish for up to 2 s, closes ln and
// returns nil. An error means that ln failed before that. It leaves no goroutine behind.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	at := newCap(ln, mostConnections(openFiles()))
	srv := &http.Server{
		ConnState:         at.note,
		Handler:           http.MaxBytesHandler(s.handler(), bodyBytes),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          stdlog.New(lines{s.opts.Log}, "", 0),
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.observe(ctx)
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		if srv.Shutdown(limit) != nil {
			_ = srv.Close()
		}
	}()
	err := srv.Serve(at)
	end()
	<-ended
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve http on %s: %w", ln.Addr(), err)
}

// observe looks at the snapshot at regular times until ctx ends, so that what /readyz says of durations
// does not depend on how often somebody asks.
func (s *Server) observe(ctx context.Context) {
	t := time.NewTicker(observeEvery)
	defer t.Stop()
	for {
		s.look()
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Server) look() (Snapshot, time.Time) {
	now, snap := time.Now(), s.opts.Snapshot()
	s.judge.observe(snap, now)
	return snap, now
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if why := s.judge.dead(s.look()); why != "" {
			answer(w, http.StatusServiceUnavailable, why)
			return
		}
		answer(w, http.StatusOK, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if why := s.judge.unready(s.look()); len(why) > 0 {
			answer(w, http.StatusServiceUnavailable, why...)
			return
		}
		answer(w, http.StatusOK, "ready")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.opts.Metrics, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: scrapes, ErrorLog: stdlog.New(lines{s.opts.Log}, "", 0),
	}))
	if s.opts.Page != nil {
		mux.Handle("GET /", s.opts.Page)
		return mux
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, "standpipe: /healthz /readyz /metrics")
	})
	return mux
}

// Unready are the lines that /readyz answers now, none when it is ready.
func (s *Server) Unready() []string { return s.judge.unready(s.look()) }

func answer(w http.ResponseWriter, status int, text ...string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// The client may be gone; there is nobody else to tell.
	_, _ = fmt.Fprintln(w, strings.Join(text, "\n"))
}

// lines writes the standard library's log lines to the program's log.
type lines struct{ log zerolog.Logger }

func (l lines) Write(p []byte) (int, error) {
	l.log.Warn().Str("from", "http").Msg(strings.TrimSpace(string(p)))
	return len(p), nil
}
