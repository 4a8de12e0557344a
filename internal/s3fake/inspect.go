package s3fake

import (
	"fmt"
	"io"
	"maps"
	"time"
)

// Object is a completed object as Objects lists it.
type Object struct {
	Key         string
	Size        int64
	ETag        string // without quotes; "-N" at its end tells a multipart upload of N parts
	Modified    time.Time
	Metadata    map[string]string // user metadata, names in lower case without x-amz-meta-
	ContentType string
	UploadID    string // of the upload that made it, "" for PutObject
}

// Upload is an open multipart upload.
type Upload struct {
	Key       string
	ID        string
	Initiated time.Time
	Metadata  map[string]string
	Algorithm string // of the parts' checksums, "" when CreateMultipartUpload named none
	Parts     []Part // by number
}

// Part is an uploaded part of an open upload.
type Part struct {
	Number    int
	Size      int64
	ETag      string
	Checksums map[string]string // base64, by algorithm
}

// Objects lists the objects of a bucket by key; none for a bucket that does not exist.
func (s *Server) Objects(bucket string) []Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucket]
	if b == nil {
		return nil
	}
	found := make([]Object, 0, len(b.objects))
	for _, key := range sortedKeys(b.objects) {
		o := b.objects[key]
		found = append(found, Object{
			o.Key, o.Size, o.ETag, o.Modified, maps.Clone(o.Metadata), o.Headers["Content-Type"], o.UploadID,
		})
	}
	return found
}

// Open reads an object as it is at this moment, whatever happens to it later. The caller closes it.
func (s *Server) Open(bucket, key string) (io.ReadSeekCloser, error) {
	_, f, err := s.find(bucket, key)
	if err != nil {
		return nil, fmt.Errorf("open object %s/%s: %w", bucket, key, err)
	}
	return f, nil
}

// Uploads lists the open uploads of a bucket by key and time.
func (s *Server) Uploads(bucket string) []Upload {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucket]
	if b == nil {
		return nil
	}
	var found []Upload
	for _, u := range b.openUploads() {
		shown := Upload{u.Key, u.ID, u.Initiated, maps.Clone(u.Metadata), u.Algorithm, nil}
		for _, number := range sortedNumbers(u.parts) {
			p := u.parts[number]
			shown.Parts = append(shown.Parts, Part{p.Number, p.Size, p.ETag, maps.Clone(p.Checksums)})
		}
		found = append(found, shown)
	}
	return found
}
