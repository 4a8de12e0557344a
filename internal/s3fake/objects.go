package s3fake

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// kept are the headers S3 stores with an object and gives back.
var kept = []string{
	"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires",
	"X-Amz-Server-Side-Encryption", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", "X-Amz-Storage-Class",
	"X-Amz-Website-Redirect-Location",
}

const metaPrefix = "X-Amz-Meta-"

// describe reads what an object shall be stored with off the headers of its creation.
func describe(h http.Header) (headers, metadata map[string]string, err error) {
	headers, metadata = map[string]string{}, map[string]string{}
	for _, name := range kept {
		if v := h.Get(name); v != "" {
			headers[name] = v
		}
	}
	var codings []string
	for coding := range strings.SplitSeq(headers["Content-Encoding"], ",") {
		if coding = strings.TrimSpace(coding); coding != "" && coding != "aws-chunked" {
			codings = append(codings, coding)
		}
	}
	delete(headers, "Content-Encoding")
	if len(codings) > 0 {
		headers["Content-Encoding"] = strings.Join(codings, ",")
	}
	if headers["Content-Type"] == "" {
		headers["Content-Type"] = "binary/octet-stream"
	}
	size := 0
	for name, values := range h {
		if user, ok := strings.CutPrefix(name, metaPrefix); ok {
			metadata[strings.ToLower(user)] = strings.Join(values, ",")
			size += len(user) + len(metadata[strings.ToLower(user)])
		}
	}
	if size > 2048 {
		return nil, nil, failure(http.StatusBadRequest, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
	}
	return headers, metadata, nil
}

// find opens an object; the caller closes it.
func (s *Server) find(bucketName, key string) (*object, io.ReadSeekCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return nil, nil, errNoSuchBucket
	}
	o := b.objects[key]
	if o == nil {
		return nil, nil, errNoSuchKey
	}
	f, err := s.volume.open(o.File)
	if errors.Is(err, fs.ErrNotExist) { // deleted by hand
		return nil, nil, errNoSuchKey
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open object %s/%s: %w", bucketName, key, err)
	}
	return o, f, nil
}

func (s *Server) getObject(w http.ResponseWriter, r *http.Request, op operation) error {
	if op.query.Has("partNumber") {
		return errNotImplemented
	}
	o, f, err := s.find(op.bucket, op.key)
	if errors.Is(err, errNoSuchKey) && s.options.NoListBucket {
		return errAccessDenied
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if m := r.Header.Get("If-Match"); m != "" && !matches(m, o) {
		return errPrecondition
	}
	h := w.Header()
	h.Set("ETag", quote(o.ETag))
	h.Set("Last-Modified", o.Modified.UTC().Format(http.TimeFormat))
	if m := r.Header.Get("If-None-Match"); m != "" && matches(m, o) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	for name, v := range o.Headers {
		h.Set(name, v)
	}
	for name, v := range o.Metadata {
		h.Set(metaPrefix+name, v)
	}
	h.Set("Accept-Ranges", "bytes")
	start, length, status, err := byteRange(r.Header.Get("Range"), o.Size)
	if err != nil {
		return err
	}
	if status == http.StatusPartialContent {
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, start+length-1, o.Size))
	} else if o.Checksum != nil && strings.EqualFold(r.Header.Get("X-Amz-Checksum-Mode"), "ENABLED") {
		h.Set(checksumHeader(o.Checksum.Algorithm), o.Checksum.Value)
		h.Set("X-Amz-Checksum-Type", o.Checksum.Type)
	}
	h.Set("Content-Length", strconv.FormatInt(length, 10))
	if _, err := f.Seek(start, io.SeekStart); err != nil {
		return fmt.Errorf("read object %s/%s: %w", op.bucket, op.key, err)
	}
	w.WriteHeader(status)
	if r.Method == http.MethodGet {
		if _, err := io.CopyN(w, f, length); err != nil {
			panic(http.ErrAbortHandler) // the head is sent: only a broken connection tells the reader
		}
	}
	return nil
}

func quote(etag string) string { return `"` + etag + `"` }

func matches(condition string, o *object) bool {
	if strings.TrimSpace(condition) == "*" {
		return true
	}
	for tag := range strings.SplitSeq(condition, ",") {
		if strings.Trim(strings.TrimSpace(tag), `"`) == o.ETag {
			return true
		}
	}
	return false
}

// byteRange reads a Range header; one that is not well-formed, or names several ranges, asks for the whole.
func byteRange(header string, size int64) (start, length int64, status int, err error) {
	unsatisfiable := failure(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable")
	first, last, ok := strings.Cut(strings.TrimPrefix(header, "bytes="), "-")
	if !ok || !strings.HasPrefix(header, "bytes=") {
		return 0, size, http.StatusOK, nil
	}
	end := size - 1
	if last != "" {
		if end, err = strconv.ParseInt(last, 10, 64); err != nil || end < 0 {
			return 0, size, http.StatusOK, nil
		}
	}
	if first == "" {
		if last == "" {
			return 0, size, http.StatusOK, nil
		}
		start, end = max(0, size-end), size-1
	} else if start, err = strconv.ParseInt(first, 10, 64); err != nil || start < 0 || (last != "" && end < start) {
		return 0, size, http.StatusOK, nil
	}
	if start >= size {
		return 0, 0, 0, unsatisfiable
	}
	return start, min(end, size-1) - start + 1, http.StatusPartialContent, nil
}

func (s *Server) putObject(w http.ResponseWriter, r *http.Request, op operation) error {
	headers, metadata, err := describe(r.Header)
	if err != nil {
		return err
	}
	o := &object{Key: op.key, Headers: headers, Metadata: metadata}
	d, err := s.store(r, op, o)
	if err != nil {
		return err
	}
	for algorithm, v := range d.checksums {
		w.Header().Set(checksumHeader(algorithm), v)
		w.Header().Set("X-Amz-Checksum-Type", fullObject)
	}
	w.Header().Set("ETag", quote(o.ETag))
	w.WriteHeader(http.StatusOK)
	return nil
}

// store makes the body of r the object o.
func (s *Server) store(r *http.Request, op operation, o *object) (digest, error) {
	if err := checkKey(op.key); err != nil {
		return digest{}, err
	}
	if err := s.checkBucket(op.bucket); err != nil {
		return digest{}, err
	}
	staged, d, err := s.receive(r, "")
	if err != nil {
		return digest{}, fmt.Errorf("put object %s: %w", op.object(), err)
	}
	o.Size, o.ETag = d.size, d.md5
	for algorithm, v := range d.checksums {
		o.Checksum = &checksum{algorithm, v, fullObject}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[op.bucket]
	if b == nil {
		err = errNoSuchBucket
	} else if err = conditions(r.Header, b.objects[op.key]); err == nil {
		o.Modified = s.now()
		err = s.publish(op.bucket, b, o, staged)
	}
	if err != nil {
		_ = s.volume.remove(staged)
	}
	return d, err
}

// conditions checks If-Match and If-None-Match of a write against the object it would replace, nil if none.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func conditions(h http.Header, old *object) error {
	if h.Get("If-None-Match") != "" && old != nil {
		return errPrecondition
	}
	if m := h.Get("If-Match"); m != "" {
		if old == nil {
			return errNoSuchKey
		}
		if !matches(m, old) {
			return errPrecondition
		}
	}
	return nil
}

func (s *Server) checkBucket(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[name] == nil {
		return errNoSuchBucket
	}
	return nil
}

// now has the precision S3 lists times with.
func (s *Server) now() time.Time { return s.options.Now().UTC().Truncate(time.Millisecond) }
