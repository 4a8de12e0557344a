package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/aws/smithy-go"

	"standpipe/internal/awserr"
)

// sentence is an error in words for users, with its cause.
type sentence struct {
	text string
	err  error
}

func (s *sentence) Error() string { return s.text }
func (s *sentence) Unwrap() error { return s.err }

// request is what was asked of a service, for the sentence about its failure.
type request struct {
	service  string // Kinesis, DynamoDB, S3, Glue, Lambda or STS
	endpoint string // empty: AWS's own
	key      string // of the endpoint, such as stream.endpoint
	region   string
	doing    string // "describe stream clicks"
	thing    string // "stream clicks"
	missing  string // the sentence when thing does not exist
	denied   string // what to do when access is denied
}

// The error codes that mean the same everywhere. Kinesis and DynamoDB:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html, S3:
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. The answer to a HEAD has no body, so
// its status stands in for a code.
var (
	missingCodes    = []string{"ResourceNotFoundException", "NoSuchBucket", "NotFound", "EntityNotFoundException"}
	deniedCodes     = []string{"AccessDeniedException", "AccessDenied", "AllAccessDisabled", "Forbidden", "UnauthorizedOperation"}
	credentialCodes = []string{
		"UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
		"IncompleteSignature", "IncompleteSignatureException", "InvalidSignatureException", "SignatureDoesNotMatch",
		"ExpiredToken", "ExpiredTokenException", "InvalidToken", "RequestExpired", "RequestTimeTooSkewed",
	}
)

// explain says in a sentence why a request failed and what to do. It goes by the types and codes of the
// error, never by its text.
func explain(err error, r request) error {
	say := func(format string, args ...any) error { return &sentence{fmt.Sprintf(format, args...), err} }
	var unassumed *roleError
	if errors.As(err, &unassumed) {
		return unassumed.explain()
	}
	var api smithy.APIError
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) && (resp.Response == nil || resp.HTTPStatusCode() == 0) {
		resp = nil // the SDK makes one of a failed connection too
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return say("%s does not answer%s: %s", r.service, r.where(), r.advice())
	case elsewhere(resp, r.region) != "":
		return say("%s is in %s, not in %s: name a bucket in %[3]s", r.thing, elsewhere(resp, r.region), r.region)
	case errors.As(err, &api) && slices.Contains(missingCodes, api.ErrorCode()):
		return say("%s", r.missing)
	case errors.As(err, &api) && slices.Contains(deniedCodes, api.ErrorCode()):
		return say("access to %s is denied: %s", r.thing, r.denied)
	case errors.As(err, &api) && slices.Contains(credentialCodes, api.ErrorCode()):
		return say("%s does not accept the AWS credentials (%s): renew them, and check this machine's clock", r.service, api.ErrorCode())
	case resp != nil && resp.HTTPStatusCode() >= http.StatusInternalServerError:
		return say("%s answers %d %s%s: it is overloaded or down; try again in a minute%s", r.service, resp.HTTPStatusCode(), http.StatusText(resp.HTTPStatusCode()), r.where(), r.orEndpoint())
	case errors.As(err, &api) && throttled(api.ErrorCode()):
		return say("%s: %s throttles this account (%s): try again in a minute, and start fewer workers at once", r.doing, r.service, api.ErrorCode())
	case resp != nil && r.endpoint != "" && (api == nil || api.ErrorCode() == "UnknownError"):
		return say("%s answers %d %s, as no %s does: %s", r.endpoint, resp.HTTPStatusCode(), http.StatusText(resp.HTTPStatusCode()), r.service, r.advice())
	case resp == nil:
		return say("%s can not be reached%s (%s): %s", r.service, r.where(), cause(err), r.advice())
	}
	return say("%s: %s", r.doing, cause(err))
}

func (r request) where() string {
	if r.endpoint != "" {
		return " at " + r.endpoint
	}
	return " in " + r.region
}

func throttled(code string) bool {
	_, ok := retry.DefaultThrottleErrorCodes[code]
	return ok
}

// orEndpoint is the other way out of a server in trouble.
func (r request) orEndpoint() string {
	if r.endpoint == "" {
		return ""
	}
	return ", or set " + r.key + " to another"
}

func (r request) advice() string {
	if r.endpoint != "" {
		return fmt.Sprintf("start it, or set %s to where it is", r.key)
	}
	return "check stream.region and this machine's way to AWS (proxy, VPC endpoint, security group)"
}

// elsewhere is the region of a bucket that is not in ours.
func elsewhere(resp *smithyhttp.ResponseError, region string) string {
	if resp == nil {
		return ""
	}
	if there := resp.Response.Header.Get("X-Amz-Bucket-Region"); there != region {
		return there
	}
	return ""
}

// cause is the innermost reason of a failed request in a few words.
func cause(err error) string { return awserr.Cause(err) }

// brief leaves out of an error what the SDK says of its own workings.
func brief(err error) error {
	var op *smithy.OperationError
	if err == nil || !errors.As(err, &op) {
		return err
	}
	doing, found := strings.CutSuffix(err.Error(), op.Error())
	if !found {
		return err
	}
	return &sentence{doing + cause(op), err}
}
