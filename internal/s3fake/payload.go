package s3fake

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// digest is what was found out about a body while it was read.
type digest struct {
	size      int64
	md5       string            // hexadecimal: the ETag
	checksums map[string]string // by algorithm, base64: those the sender gave, and the one asked for
}

// receive writes the body of a request into a new file of the volume and verifies every digest its headers and
// trailer carry. wanted names a checksum to compute even if the sender gave none ("" for none).
func (s *Server) receive(r *http.Request, wanted string) (file string, d digest, err error) {
	p, err := newPayload(r, wanted)
	if err != nil {
		return "", digest{}, err
	}
	file = temporary()
	if _, err := s.volume.write(file, p); err != nil {
		_ = s.volume.remove(file)
		return "", digest{}, err
	}
	return file, p.digest(), nil
}

func temporary() string { return stateFolder + "/tmp/" + rand.Text() }

// payload reads a decoded body; at its end it compares the digests instead of returning io.EOF at once.
type payload struct {
	body     io.Reader
	chunks   *chunked          // nil when the body is sent plain
	expected map[string]string // checksums from the headers
	trailing []string          // algorithms announced for the trailer
	md5      []byte            // from Content-MD5, nil when absent
	sha256   string            // hexadecimal, from x-amz-content-sha256, "" when it names no digest
	length   int64             // of the decoded body, -1 when not told
	size     int64
	hashes   map[string]hash.Hash
	sums     map[string]string
}

func newPayload(r *http.Request, wanted string) (*payload, error) {
	p := &payload{body: r.Body, length: -1, hashes: map[string]hash.Hash{"MD5": md5.New()}}
	if isChunked(r.Header) {
		p.chunks = newChunked(r.Body)
		p.body = p.chunks
		n, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
		if err != nil {
			return nil, failure(http.StatusLengthRequired, "MissingContentLength", "You must provide the x-amz-decoded-content-length header.")
		}
		p.length = n
	}
	if values, given := r.Header["Content-Md5"]; given {
		raw, err := base64.StdEncoding.DecodeString(values[0])
		if err != nil || len(raw) != md5.Size {
			return nil, failure(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified was invalid.")
		}
		p.md5 = raw
	}
	if v := r.Header.Get("X-Amz-Content-Sha256"); len(v) == hex.EncodedLen(sha256.Size) && p.chunks == nil {
		p.sha256 = v
		p.hashes["payload"] = sha256.New()
	}
	var err error
	if p.expected, err = sentChecksums(r.Header); err != nil {
		return nil, err
	}
	for name := range strings.SplitSeq(r.Header.Get("X-Amz-Trailer"), ",") {
		for _, algorithm := range algorithmNames() {
			if http.CanonicalHeaderKey(strings.TrimSpace(name)) == checksumHeader(algorithm) {
				p.trailing = append(p.trailing, algorithm)
			}
		}
	}
	for _, algorithm := range append(slices.Clone(p.trailing), wanted) {
		if algorithm != "" {
			p.hashes[algorithm] = algorithms[algorithm]()
		}
	}
	for algorithm := range p.expected {
		p.hashes[algorithm] = algorithms[algorithm]()
	}
	return p, nil
}

func (p *payload) Read(b []byte) (int, error) {
	n, err := p.body.Read(b)
	p.size += int64(n)
	for _, h := range p.hashes {
		_, _ = h.Write(b[:n])
	}
	if err == io.EOF {
		if bad := p.verify(); bad != nil {
			return n, bad
		}
	}
	return n, err
}

func (p *payload) verify() error {
	if p.length >= 0 && p.size != p.length {
		return failure(http.StatusBadRequest, "IncompleteBody",
			"You did not provide the number of bytes specified by the x-amz-decoded-content-length header: %d, not %d", p.size, p.length)
	}
	if p.md5 != nil && string(p.hashes["MD5"].Sum(nil)) != string(p.md5) {
		return failure(http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.")
	}
	if p.sha256 != "" && hex.EncodeToString(p.hashes["payload"].Sum(nil)) != p.sha256 {
		return failure(http.StatusBadRequest, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	if len(p.trailing) > 0 {
		if p.chunks == nil {
			return failure(http.StatusBadRequest, "InvalidRequest", "x-amz-trailer needs an aws-chunked body.")
		}
		sums, err := sentChecksums(p.chunks.trailer)
		if err != nil {
			return err
		}
		for _, algorithm := range p.trailing {
			if sums[algorithm] == "" {
				return failure(http.StatusBadRequest, "MalformedTrailerError", "The request's trailer lacks the announced %s checksum.", algorithm)
			}
			p.expected[algorithm] = sums[algorithm]
		}
	}
	p.sums = map[string]string{}
	for algorithm := range algorithms {
		if h := p.hashes[algorithm]; h != nil {
			p.sums[algorithm] = base64.StdEncoding.EncodeToString(h.Sum(nil))
		}
	}
	for algorithm, value := range p.expected {
		if p.sums[algorithm] != value {
			return failure(http.StatusBadRequest, "BadDigest", "The %s you specified did not match the calculated checksum.", algorithm)
		}
	}
	return nil
}

func (p *payload) digest() digest {
	return digest{p.size, hex.EncodeToString(p.hashes["MD5"].Sum(nil)), p.sums}
}
