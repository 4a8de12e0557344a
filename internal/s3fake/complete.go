package s3fake

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

type completeRequest struct {
	XMLName xml.Name     `xml:"CompleteMultipartUpload"`
	Parts   []listedPart `xml:"Part"`
}

type listedPart struct {
	PartNumber int
	ETag       string
	Others     []xmlValue `xml:",any"`
}

// xmlValue is an element whose name is only known at run time: ChecksumCRC32 and its like.
type xmlValue struct {
	XMLName xml.Name
	Value   string `xml:",chardata"`
}

func xmlChecksum(algorithm, value string) xmlValue {
	return xmlValue{xml.Name{Local: "Checksum" + algorithm}, value}
}

func (s *Server) completeUpload(w http.ResponseWriter, r *http.Request, op operation) error {
	id := op.query.Get("uploadId")
	var request completeRequest
	if err := xml.NewDecoder(r.Body).Decode(&request); err != nil || len(request.Parts) == 0 {
		return errMalformedXML
	}
	b, u, err := s.upload(op.bucket, op.key, id)
	if err == nil {
		u.mu.Lock()
		defer u.mu.Unlock()
		if u.closed {
			err = errNoSuchUpload
		}
	}
	if errors.Is(err, errNoSuchUpload) && s.options.RepeatComplete {
		s.mu.Lock()
		o := b.done[id]
		s.mu.Unlock()
		if o != nil && o.Key == op.key {
			writeCompleted(w, r, op, o)
			return nil
		}
	}
	if err != nil {
		return err
	}
	o, err := s.assemble(r.Header, op, b, u, request.Parts)
	if err != nil {
		return err
	}
	writeCompleted(w, r, op, o)
	return nil
}

// assemble carries a completion out; u.mu is held. After an error the upload is open as before.
func (s *Server) assemble(h http.Header, op operation, b *bucket, u *upload, listed []listedPart) (*object, error) {
	parts, err := s.choose(u, listed)
	if err != nil {
		return nil, err
	}
	o := &object{Key: u.Key, UploadID: u.ID, Headers: u.Headers, Metadata: u.Metadata}
	files, sum := make([]string, len(parts)), md5.New()
	for i, p := range parts {
		files[i] = p.File
		o.Size += p.Size
		raw, _ := hex.DecodeString(p.ETag)
		_, _ = sum.Write(raw)
	}
	o.ETag = fmt.Sprintf("%x-%d", sum.Sum(nil), len(parts))
	if v := h.Get("X-Amz-Mp-Object-Size"); v != "" && v != strconv.FormatInt(o.Size, 10) {
		return nil, failure(http.StatusBadRequest, "InvalidRequest",
			"The provided 'x-amz-mp-object-size' header value %s does not match what was computed: %d", v, o.Size)
	}
	staged := temporary()
	if err = s.volume.join(staged, files); err == nil {
		o.Checksum, err = s.overall(h, u, parts, staged)
	}
	if err != nil {
		_ = s.volume.remove(staged)
		return nil, fmt.Errorf("complete upload %s of %s: %w", u.ID, op.object(), err)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[op.bucket] != b {
		err = errNoSuchBucket
	} else if err = conditions(h, b.objects[u.Key]); err == nil {
		o.Modified = s.now()
		err = s.publish(op.bucket, b, o, staged)
	}
	if err != nil {
		_ = s.volume.remove(staged)
		return nil, err
	}
	delete(b.uploads, u.ID)
	b.done[u.ID] = o
	return o, s.discard(op.bucket, u)
}

// choose finds the parts a completion lists and enforces S3's rules on them.
func (s *Server) choose(u *upload, listed []listedPart) ([]*part, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	parts := make([]*part, len(listed))
	for i, l := range listed {
		if i > 0 && l.PartNumber <= listed[i-1].PartNumber {
			return nil, errInvalidPartOrder
		}
	}
	for i, l := range listed {
		p := u.parts[l.PartNumber]
		if p == nil || strings.Trim(l.ETag, `"`) != p.ETag {
			return nil, invalidPart(l.PartNumber)
		}
		given := false
		for _, v := range l.Others {
			algorithm, ok := strings.CutPrefix(v.XMLName.Local, "Checksum")
			if ok && p.Checksums[algorithm] != v.Value {
				return nil, invalidPart(l.PartNumber)
			}
			given = given || ok && algorithm == u.Algorithm
		}
		if u.Type == composite && !given {
			return nil, failure(http.StatusBadRequest, "InvalidRequest",
				"The upload was created using a %s checksum. The complete request must include the checksum for each part. It was missing for part %d in the request.",
				strings.ToLower(u.Algorithm), l.PartNumber)
		}
		parts[i] = p
	}
	for _, p := range parts[:len(parts)-1] {
		if p.Size < minPartSize {
			return nil, errEntityTooSmall
		}
	}
	return parts, nil
}

func invalidPart(number int) error {
	return failure(http.StatusBadRequest, "InvalidPart",
		"One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag. (part %d)", number)
}

// overall computes the object's checksum and compares it with what the request says it is.
func (s *Server) overall(h http.Header, u *upload, parts []*part, staged string) (*checksum, error) {
	if u.Algorithm == "" {
		return nil, nil
	}
	c := &checksum{Algorithm: u.Algorithm, Type: u.Type}
	if u.Type == composite {
		c.Value = fmt.Sprintf("%s-%d", compose(u.Algorithm, parts), len(parts))
	} else {
		f, err := s.volume.open(staged)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		sum := algorithms[u.Algorithm]()
		if _, err := io.Copy(sum, f); err != nil {
			return nil, err
		}
		c.Value = base64.StdEncoding.EncodeToString(sum.Sum(nil))
	}
	sent := h.Get(checksumHeader(u.Algorithm))
	bare, _, _ := strings.Cut(c.Value, "-")
	if sent != "" && sent != c.Value && sent != bare {
		return nil, failure(http.StatusBadRequest, "BadDigest", "The %s you specified did not match the calculated checksum.", u.Algorithm)
	}
	return c, nil
}

func writeCompleted(w http.ResponseWriter, r *http.Request, op operation, o *object) {
	result := struct {
		XMLName      xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUploadResult"`
		Location     string
		Bucket       string
		Key          string
		ETag         string
		Checksum     []xmlValue
		ChecksumType string `xml:",omitempty"`
	}{Location: "http://" + r.Host + r.URL.EscapedPath(), Bucket: op.bucket, Key: o.Key, ETag: quote(o.ETag)}
	if o.Checksum != nil {
		result.Checksum = []xmlValue{xmlChecksum(o.Checksum.Algorithm, o.Checksum.Value)}
		result.ChecksumType = o.Checksum.Type
	}
	writeXML(w, http.StatusOK, result)
}
