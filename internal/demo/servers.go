package demo

import (
	"net/http"

	"standpipe/internal/embedded"
)

// servers are the embedded ones, with what stands before S3. They outlive every worker.
type servers struct {
	*embedded.Servers
	failed chan struct{} // closed when the folder takes no more
	guard  *diskGuard
	strike *striker
}

func startServers(dir string) (*servers, error) {
	s := &servers{strike: &striker{}, guard: &diskGuard{dir: dir, failed: make(chan struct{})}}
	s.failed = s.guard.failed
	var err error
	s.Servers, err = embedded.Start(embedded.Options{Dir: dir, Buckets: []string{bucket}, Wrap: func(s3 http.Handler) http.Handler {
		s.strike.next, s.guard.next = s3, s.strike
		return s.guard
	}})
	if err != nil {
		return nil, err
	}
	if err := s.Kinesis.CreateStream(stream, shards); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}
