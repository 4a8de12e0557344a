package transform

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// maxResponse is what AWS Lambda lets a function return in bytes, with the room it leaves for an error of its own.
const maxResponse = maxPayload + 100

// errTooLong says that a response is longer than AWS Lambda's can be.
var errTooLong = errors.New("response is longer than AWS Lambda's can be")

// exchange is the HTTP client of one call. It notes whether the request was sent, and reads no more of the response than
// AWS Lambda sends.
type exchange struct {
	lambda.HTTPClient
	sent atomic.Bool // the whole request was taken by a connection
}

func (x *exchange) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body = &requestBody{r.Body, r.ContentLength, &x.sent}
	}
	resp, err := x.HTTPClient.Do(r)
	if err == nil {
		resp.Body = &responseBody{resp.Body, maxResponse}
	}
	return resp, err
}

type requestBody struct {
	io.ReadCloser
	left int64
	sent *atomic.Bool
}

func (b *requestBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left <= 0 {
		b.sent.Store(true)
	}
	return n, err
}

type responseBody struct {
	io.ReadCloser
	left int64
}

func (b *responseBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLong
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return n, errTooLong
	}
	return n, err
}
