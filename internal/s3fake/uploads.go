package s3fake

import (
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

const (
	minPartSize   = 5 << 20
	maxPartNumber = 10000
)

func uploadFolder(bucket, id string) string { return uploadsFolder + "/" + bucket + "/" + id }

func (s *Server) createUpload(w http.ResponseWriter, r *http.Request, op operation) error {
	if err := checkKey(op.key); err != nil {
		return err
	}
	headers, metadata, err := describe(r.Header)
	if err != nil {
		return err
	}
	algorithm := strings.ToUpper(r.Header.Get("X-Amz-Checksum-Algorithm"))
	kind, err := checksumType(algorithm, strings.ToUpper(r.Header.Get("X-Amz-Checksum-Type")))
	if err != nil {
		return err
	}
	u := &upload{
		ID: rand.Text(), Key: op.key, Initiated: s.now(), Headers: headers, Metadata: metadata,
		Algorithm: algorithm, Type: kind, parts: map[int]*part{},
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[op.bucket]
	if b == nil {
		return errNoSuchBucket
	}
	dir := uploadFolder(op.bucket, u.ID)
	if err := s.volume.mkdir(dir); err != nil {
		return fmt.Errorf("create upload of %s: %w", op.object(), err)
	}
	if err := s.save(dir+"/upload.json", u); err != nil {
		return fmt.Errorf("create upload of %s: %w", op.object(), err)
	}
	b.uploads[u.ID] = u
	if algorithm != "" {
		w.Header().Set("X-Amz-Checksum-Algorithm", algorithm)
		w.Header().Set("X-Amz-Checksum-Type", kind)
	}
	writeXML(w, http.StatusOK, struct {
		XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InitiateMultipartUploadResult"`
		Bucket   string
		Key      string
		UploadID string `xml:"UploadId"`
	}{Bucket: op.bucket, Key: op.key, UploadID: u.ID})
	return nil
}

// upload finds an open upload.
func (s *Server) upload(bucketName, key, id string) (*bucket, *upload, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return nil, nil, errNoSuchBucket
	}
	u := b.uploads[id]
	if u == nil || u.Key != key {
		return b, nil, errNoSuchUpload
	}
	return b, u, nil
}

func (s *Server) uploadPart(w http.ResponseWriter, r *http.Request, op operation) error {
	number, err := strconv.Atoi(op.query.Get("partNumber"))
	if err != nil || number < 1 || number > maxPartNumber {
		return failure(http.StatusBadRequest, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
	}
	_, u, err := s.upload(op.bucket, op.key, op.query.Get("uploadId"))
	if err != nil {
		return err
	}
	wanted := ""
	if u.Type == fullObject {
		wanted = u.Algorithm
	}
	staged, d, err := s.receive(r, wanted)
	if err != nil {
		return fmt.Errorf("write part %d of upload %s of %s: %w", number, u.ID, op.object(), err)
	}
	p := &part{Number: number, Size: d.size, ETag: d.md5, Modified: s.now(), Checksums: d.checksums}
	if err = sameAlgorithm(u.Algorithm, d.checksums); err == nil {
		err = s.register(op.bucket, u, p, staged)
	}
	if err != nil {
		_ = s.volume.remove(staged)
		return err
	}
	for algorithm, v := range d.checksums {
		w.Header().Set(checksumHeader(algorithm), v)
	}
	w.Header().Set("ETag", quote(p.ETag))
	w.WriteHeader(http.StatusOK)
	return nil
}

// sameAlgorithm holds a part's checksums against the algorithm its upload was created with. An upload created
// without one takes any: SDKs give parts a CRC32 of their own accord.
func sameAlgorithm(algorithm string, sums map[string]string) error {
	if algorithm == "" || sums[algorithm] != "" {
		return nil
	}
	actual := "null"
	for name := range sums {
		actual = strings.ToLower(name)
	}
	return failure(http.StatusBadRequest, "InvalidRequest",
		"Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s", strings.ToLower(algorithm), actual)
}

// register makes staged a part of the upload, in place of an earlier one of its number.
func (s *Server) register(bucketName string, u *upload, p *part, staged string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return errNoSuchUpload
	}
	dir := uploadFolder(bucketName, u.ID)
	p.File = dir + "/" + rand.Text()
	if err := s.volume.rename(staged, p.File); err != nil {
		return fmt.Errorf("keep part %d of upload %s: %w", p.Number, u.ID, err)
	}
	if err := s.save(fmt.Sprintf("%s/part-%05d.json", dir, p.Number), p); err != nil {
		_ = s.volume.remove(p.File)
		return fmt.Errorf("keep part %d of upload %s: %w", p.Number, u.ID, err)
	}
	s.mu.Lock()
	old := u.parts[p.Number]
	u.parts[p.Number] = p
	s.mu.Unlock()
	if old != nil {
		return s.volume.remove(old.File)
	}
	return nil
}

func (s *Server) abortUpload(w http.ResponseWriter, op operation) error {
	if err := s.Drop(op.bucket, op.key, op.query.Get("uploadId")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// Drop makes an open upload vanish with its parts, as a lifecycle rule or AbortMultipartUpload does. An upload
// that is being completed is waited for. The error is NoSuchUpload when there is none.
func (s *Server) Drop(bucket, key, uploadID string) error {
	b, u, err := s.upload(bucket, key, uploadID)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return errNoSuchUpload
	}
	s.mu.Lock()
	delete(b.uploads, u.ID)
	s.mu.Unlock()
	return s.discard(bucket, u)
}

// discard closes an upload, whose mu is held, and deletes its files.
func (s *Server) discard(bucketName string, u *upload) error {
	u.closed = true
	if err := s.volume.removeAll(uploadFolder(bucketName, u.ID)); err != nil {
		return fmt.Errorf("delete the parts of upload %s: %w", u.ID, err)
	}
	return nil
}
