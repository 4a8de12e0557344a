package awserr

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// Cause is the innermost reason of a failed request in a few words. An error on the way there that has a method Cause()
// string of its own is asked instead.
func Cause(err error) string {
	var (
		api   smithy.APIError
		dns   *net.DNSError
		cert  *tls.CertificateVerificationError
		errno syscall.Errno
		timed interface{ Timeout() bool }
		resp  *awshttp.ResponseError
	)
	var own interface{ Cause() string }
	switch {
	case errors.As(err, &own):
		return own.Cause()
	case errors.As(err, &api):
		return api.ErrorCode() + ": " + api.ErrorMessage()
	case errors.As(err, &dns):
		return "no address found for " + dns.Name
	case errors.As(err, &cert):
		return cert.Error()
	case errors.As(err, &errno):
		return errno.Error()
	case errors.As(err, &timed) && timed.Timeout():
		return "timeout"
	case errors.As(err, &resp) && resp.HTTPStatusCode() >= 400: // whose text says what its body could not be read as
		return Status(resp.HTTPStatusCode())
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// Status is an answer that is none of the service's own, such as a proxy's or a load balancer's: its HTTP status.
func Status(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}

// Brief gives an error of the SDK the text of its Cause; every other one it gives back as it is. errors.Is and errors.As
// see what they saw before.
func Brief(err error) error {
	var op *smithy.OperationError
	if !errors.As(err, &op) {
		return err
	}
	return &brief{Cause(err), err}
}

type brief struct {
	text string
	err  error
}

func (b *brief) Error() string { return b.text }
func (b *brief) Unwrap() error { return b.err }
