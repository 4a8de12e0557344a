package s3fake

import (
	"bufio"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// chunked decodes the aws-chunked content encoding: chunks, signed or not, and the trailer after the last.
// Signatures are not checked.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
type chunked struct {
	in      *bufio.Reader
	left    int64 // of the current chunk
	between bool  // a chunk has been read to its end; its CRLF has not
	done    bool
	trailer http.Header
}

func newChunked(in io.Reader) *chunked {
	return &chunked{in: bufio.NewReader(in), trailer: http.Header{}}
}

func isChunked(h http.Header) bool {
	return strings.HasPrefix(h.Get("X-Amz-Content-Sha256"), "STREAMING-") ||
		strings.Contains(h.Get("Content-Encoding"), "aws-chunked")
}

func (c *chunked) Read(p []byte) (int, error) {
	for c.left == 0 {
		if c.done {
			return 0, io.EOF
		}
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.in.Read(p)
	c.left -= int64(n)
	c.between = c.left == 0
	if err == io.EOF {
		err = errChunk("the body ends inside a chunk")
	}
	return n, err
}

func errChunk(why string) error {
	return failure(http.StatusBadRequest, "IncompleteBody", "The request body is not well-formed aws-chunked: %s", why)
}

func (c *chunked) line() (string, error) {
	text, err := c.in.ReadSlice('\n')
	if err != nil {
		return "", errChunk("a line is cut off or too long")
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

func (c *chunked) next() error {
	if c.between {
		c.between = false
		if end, err := c.line(); err != nil {
			return err
		} else if end != "" {
			return errChunk("a chunk is longer than it says")
		}
	}
	header, err := c.line()
	if err != nil {
		return err
	}
	size, _, _ := strings.Cut(header, ";")
	n, err := strconv.ParseInt(size, 16, 64)
	if err != nil || n < 0 {
		return errChunk("a chunk has no size")
	}
	if n > 0 {
		c.left = n
		return nil
	}
	c.done = true
	return c.readTrailer()
}

func (c *chunked) readTrailer() error {
	for {
		if _, err := c.in.Peek(1); err != nil {
			return nil // senders differ in whether an empty line ends the body
		}
		text, err := c.line()
		if err != nil {
			return err
		}
		if text == "" {
			continue
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok {
			return failure(http.StatusBadRequest, "MalformedTrailerError", "The request contained trailing data that was not well-formed.")
		}
		c.trailer.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
}
