package s3fake

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"

	"standpipe/internal/faults"
)

// Options says what a Server keeps and how it behaves.
type Options struct {
	// Dir is the folder that holds the objects; it is created when missing. Empty: everything is kept in memory
	// and gone with the Server. Only one Server may work on a folder at a time.
	Dir string
	// Buckets exist from the start. One that a folder already holds is kept with its objects.
	Buckets []string
	// Now gives the times of objects and uploads. Nil: time.Now.
	Now func() time.Time
	// NoListBucket makes the server behave as to a caller without s3:ListBucket: GET and HEAD of a missing key
	// answer 403 instead of 404, and so do HeadBucket and the listings of objects.
	NoListBucket bool
	// RepeatComplete makes CompleteMultipartUpload of an upload that is completed already succeed again, as S3
	// mostly does for a while. False: it answers NoSuchUpload, as S3 may at any time.
	RepeatComplete bool
}

// Server answers S3's REST API, path-style, without authentication. It is safe for concurrent use. What it has
// answered with success survives the process when it works on a folder, but it does not sync to the disk.
type Server struct {
	faults.Gate
	options Options
	gated   http.Handler
	fake    http.Handler
	volume  volume

	mu      sync.Mutex // guards buckets and all below them
	buckets map[string]*bucket
}

var _ http.Handler = (*Server)(nil)

// New opens the folder (or the memory) and makes the buckets. It fails when the folder can not be written.
func New(options Options) (*Server, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Server{options: options, buckets: map[string]*bucket{}}
	if options.Dir == "" {
		s.volume = newMemory()
	} else {
		v, err := openFolder(options.Dir)
		if err != nil {
			return nil, fmt.Errorf("open folder %s for S3 objects: %w; choose a folder that can be written", options.Dir, err)
		}
		s.volume = v
	}
	if err := s.prepare(); err != nil {
		_ = s.volume.close()
		return nil, fmt.Errorf("open folder %s for S3 objects: %w", options.Dir, err)
	}
	s.fake = gofakes3.New(&backend{s},
		gofakes3.WithTimeSkewLimit(0), // our clock need not be the signer's
		gofakes3.WithMetadataSizeLimit(0),
		gofakes3.WithoutVersioning(),
	).Server()
	s.gated = s.Handler(http.HandlerFunc(s.route), func(r *http.Request, _ []byte) faults.Call {
		o := parse(r)
		return faults.Call{Service: "s3", Op: o.name, Object: o.object()}
	}, fail)
	return s, nil
}

func (s *Server) prepare() error {
	if err := s.load(); err != nil {
		return err
	}
	for _, name := range s.options.Buckets {
		if err := gofakes3.ValidateBucketName(name); err != nil {
			return fmt.Errorf("create bucket %q: %w", name, err)
		}
		if s.buckets[name] != nil {
			continue
		}
		if err := s.volume.mkdir(name); err != nil {
			return fmt.Errorf("create bucket %s: %w", name, err)
		}
		s.buckets[name] = newBucket(s.options.Now())
	}
	return nil
}

// Close lets go of the folder. Requests after it fail.
func (s *Server) Close() error { return s.volume.close() }

// ServeHTTP answers one request, after the fault that Control may have set for it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		w = headOnly{w}
	}
	s.gated.ServeHTTP(w, r)
}

// headOnly drops the body, as net/http does on the wire, for callers within the process.
type headOnly struct{ http.ResponseWriter }

func (h headOnly) Write(p []byte) (int, error) { return len(p), nil }

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	o := parse(r)
	var err error
	switch o.name {
	case "CreateMultipartUpload":
		err = s.createUpload(w, r, o)
	case "UploadPart":
		err = s.uploadPart(w, r, o)
	case "CompleteMultipartUpload":
		err = s.completeUpload(w, r, o)
	case "AbortMultipartUpload":
		err = s.abortUpload(w, o)
	case "ListParts":
		err = s.listParts(w, o)
	case "ListMultipartUploads":
		err = s.listUploads(w, o)
	case "GetObject", "HeadObject":
		err = s.getObject(w, r, o)
	case "PutObject":
		err = s.putObject(w, r, o)
	case "UploadPartCopy", unsupported:
		err = errNotImplemented
	case "HeadBucket", "ListObjects", "ListObjectsV2":
		if s.options.NoListBucket {
			err = errAccessDenied
			break
		}
		s.fake.ServeHTTP(w, r)
	default:
		s.fake.ServeHTTP(w, r)
	}
	if err != nil {
		writeError(w, "/"+o.object(), err)
	}
}

// intParameter reads a number of the query: fallback when it is absent, at most limit.
func (o operation) intParameter(name string, fallback, limit int) (int, error) {
	text := o.query.Get(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 0 {
		return 0, failure(http.StatusBadRequest, "InvalidArgument", "Provided %s not an integer or within integer range", name)
	}
	return min(n, limit), nil
}
