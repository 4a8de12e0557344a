package status

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"standpipe/internal/awserr"
	"standpipe/sink"
)

// operations are those that are repeated, in plain words, with the service that answers.
var operations = map[string]struct{ doing, service string }{
	"CreateMultipartUpload":   {"beginning an object in S3", "S3"},
	"UploadPart":              {"uploading to S3", "S3"},
	"CompleteMultipartUpload": {"making an object visible in S3", "S3"},
	"HeadObject":              {"looking for an object in S3", "S3"},
	"GetObject":               {"reading a journal from S3", "S3"},
	"ListParts":               {"looking at an upload in S3", "S3"},
	"AbortMultipartUpload":    {"removing an upload from S3", "S3"},
	"DeleteObject":            {"removing an undone object from S3", "S3"},
	"Intend":                  {"storing the promise of a batch", "DynamoDB"},
	"Item":                    {"reading the promise of a batch", "DynamoDB"},
	"Advance":                 {"moving checkpoints", "DynamoDB"},
	"Mark":                    {"taking a batch back", "DynamoDB"},
	"Clear":                   {"taking a batch back", "DynamoDB"},
	"GetItem":                 {"reading a shard's checkpoint", "DynamoDB"},
	"Scan":                    {"reading the lease table", "DynamoDB"},
	"UpdateItem":              {"writing the heartbeat", "DynamoDB"},
	"heartbeat":               {"writing the heartbeat", "DynamoDB"},
	"acquire lease":           {"acquiring a lease", "DynamoDB"},
	"GetRecords":              {"reading from Kinesis", "Kinesis"},
	"ListShards":              {"listing the stream's shards", "Kinesis"},
	"Invoke":                  {"calling the Lambda function", "Lambda"},
}

// said turns an operation of troubles and retries into words. What it acts on stands behind " of ".
func said(op string) (doing, on, service string) {
	name, on, _ := strings.Cut(op, " of ")
	if o, ok := operations[name]; ok {
		return o.doing, on, o.service
	}
	if strings.HasPrefix(name, "row ") {
		return "reading a row of the lease table", strings.TrimPrefix(name, "row "), "DynamoDB"
	}
	return name, on, "the service"
}

// advice says what an error code of AWS means for whoever is on call.
var advice = map[string]string{
	"AccessDenied": "a permission is missing (docs/permissions.md)", "AccessDeniedException": "a permission is missing (docs/permissions.md)",
	"ExpiredToken": "the credentials have expired", "ExpiredTokenException": "the credentials have expired",
	"InvalidAccessKeyId": "the credentials are not accepted", "SignatureDoesNotMatch": "the credentials are not accepted", "UnrecognizedClientException": "the credentials are not accepted",
	"SlowDown": "it asks for fewer requests", "ThrottlingException": "it asks for fewer requests", "RequestLimitExceeded": "it asks for fewer requests",
	"ProvisionedThroughputExceededException": "other readers of the shard, or the table's capacity, leave no room",
	"NoSuchBucket":                           "the bucket does not exist", "ResourceNotFoundException": "what it is asked for does not exist",
}

// why says an error in a sentence without its end.
func why(service string, err error) string {
	if err == nil {
		return "for an unknown reason"
	}
	var api smithy.APIError
	var resp *awshttp.ResponseError
	var network net.Error
	var errno syscall.Errno
	cause := strings.TrimRight(awserr.Cause(err), ". ")
	switch {
	case errors.As(err, &api):
		text := service + " answers "
		if errors.As(err, &resp) && resp.HTTPStatusCode() > 0 {
			text += fmt.Sprintf("%d ", resp.HTTPStatusCode())
		}
		text += cause
		if hint := advice[api.ErrorCode()]; hint != "" {
			return text + ": " + hint
		}
		if api.ErrorFault() == smithy.FaultServer || resp != nil && resp.HTTPStatusCode() >= 500 {
			return text + ": it is overloaded or has a fault of its own"
		}
		return text
	case errors.As(err, &resp) && resp.HTTPStatusCode() >= 400:
		return service + " answers " + awserr.Status(resp.HTTPStatusCode()) + ", in a form that is not its own: look at the endpoint and at what stands before it"
	case errors.As(err, &network), errors.As(err, &errno), errors.Is(err, context.DeadlineExceeded):
		return service + " can not be reached: " + cause
	}
	return strings.TrimRight(err.Error(), ". ")
}

// troubles puts what fails into words: one entry for each kind of operation, the one that fails longest.
func troubles(all []sink.Trouble) []Trouble {
	var out []Trouble
	at := map[string]int{}
	for _, t := range all {
		doing, on, service := said(t.Op)
		i, seen := at[doing]
		if !seen {
			at[doing] = len(out)
			out = append(out, Trouble{Doing: doing, On: on, Why: why(service, t.Last), Since: t.Since.UTC(), Count: t.Count})
			continue
		}
		o := &out[i]
		if t.Since.Before(o.Since) {
			o.Since, o.On, o.Why = t.Since.UTC(), on, why(service, t.Last)
		}
		o.Count += t.Count
		o.More++
	}
	slices.SortStableFunc(out, func(a, b Trouble) int { return a.Since.Compare(b.Since) })
	return out
}
