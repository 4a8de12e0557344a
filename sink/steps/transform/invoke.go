package transform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/uuid"

	"standpipe/internal/awserr"
	"standpipe/internal/pause"
	"standpipe/sink"
)

const (
	backoffMin = 100 * time.Millisecond
	backoffMax = 10 * time.Second
)

// Firehose's codes and messages for a whole request.
// https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html
const (
	functionError     = "Lambda.FunctionError"
	functionErrorText = "The Lambda function was successfully invoked but it returned an error result."
	timedOut          = "Lambda.FunctionTimedOut"
	timedOutText      = "The Lambda function invocation timed out. Increase the Timeout setting in the Lambda function."
	refused           = "Standpipe.LambdaRefused"
)

// answer is what was got for a group: the function's response, or why all of its records fail.
type answer struct {
	step     *Lambda
	response []byte
	code     string // of the failure, "" where there is a response
	message  string
	attempts int // calls that the function ended, or that were given up
}

// invoke calls the function until there is an answer. Its error is ctx's.
func (l *Lambda) invoke(ctx context.Context, g *group) (*answer, error) {
	subject := fmt.Sprintf("function %s for %s of %s", l.opts.Function, g.first(), g.shard)
	defer l.trouble.Clear("Invoke", subject)
	var wait time.Duration
	for a := (&answer{step: l}); ; {
		began := time.Now()
		out, err := l.attempt(ctx, g)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		result := outcome(out, err)
		l.metrics.called(result, time.Since(began))
		if result.counts() {
			a.attempts++
		}
		switch result {
		case callOK:
			return &answer{step: l, response: out.Payload, attempts: a.attempts}, nil
		case callRefused:
			err = refusal(err)
			a.code, a.message = refused, err.Error()
			l.giveUp(g, a, err)
			return a, nil
		case callFailed, callTimedOut:
			a.code, a.message = functionError, functionErrorText
			if result == callTimedOut {
				a.code, a.message = timedOut, timedOutText
			}
			err = describe(out, err)
			if a.attempts > l.opts.Retries {
				l.giveUp(g, a, err)
				return a, nil
			}
		}
		wait = min(max(2*wait, backoffMin), backoffMax)
		if l.trouble.Note("Invoke", subject, awserr.Brief(err)) {
			l.link.Log.Warn().Err(awserr.Brief(err)).Str("step", l.name).Str("function", l.opts.Function).Str("shard", g.shard).Int64("wait_ms", wait.Milliseconds()).Msg("retrying")
		}
		if err := l.pause(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// attempt calls the function once, with a request that has an id of its own.
func (l *Lambda) attempt(ctx context.Context, g *group) (*lambda.InvokeOutput, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, l.opts.Timeout, errTimeout)
	defer cancel()
	var x exchange
	out, err := l.link.Client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &l.opts.Function, Payload: g.payload(uuid.New())}, func(o *lambda.Options) {
		o.Retryer = aws.NopRetryer{}
		x.HTTPClient = o.HTTPClient
		o.HTTPClient = &x
	})
	if err != nil && errors.Is(context.Cause(ctx), errTimeout) && x.sent.Load() {
		return nil, errTimeout
	}
	return out, err
}

// errTimeout says that the function was asked, and has not answered in the time of one call.
var errTimeout = errors.New("no answer within the step's timeout")

// giveUp logs that a group goes to the error output, every 30 s.
func (l *Lambda) giveUp(g *group, a *answer, err error) {
	if l.given.Note("give up", "", err) {
		l.link.Log.Error().Err(err).Str("step", l.name).Str("function", l.opts.Function).Str("shard", g.shard).Str("code", a.code).Int("attempts", a.attempts).Int("records", g.sent).
			Msg("a call has failed for good: its records go to the error output")
	}
}

func (l *Lambda) pause(ctx context.Context, d time.Duration) error {
	return pause.For(ctx, d-time.Duration(l.link.Jitter()*float64(d/2)))
}

// outcome classifies the answer to one call.
func outcome(out *lambda.InvokeOutput, err error) callResult {
	var (
		tooLong *types.RequestTooLargeException
		content *types.InvalidRequestContentException
		api     smithy.APIError
		resp    *smithyhttp.ResponseError
	)
	status := 0
	if errors.As(err, &resp) && resp.Response != nil {
		status = resp.HTTPStatusCode()
	}
	switch {
	case errors.Is(err, errTimeout):
		return callTimedOut
	case errors.Is(err, errTooLong):
		return callFailed
	case err == nil && aws.ToString(out.FunctionError) == "":
		return callOK
	case err == nil && ranOutOfTime(out.Payload):
		return callTimedOut
	case err == nil:
		return callFailed
	case errors.As(err, &tooLong), errors.As(err, &content), status == http.StatusRequestEntityTooLarge:
		return callRefused
	case status == http.StatusTooManyRequests:
		return callThrottled
	case status == http.StatusForbidden, status == http.StatusNotFound && errors.As(err, &api):
		return callDenied
	}
	return callUnavailable
}

// refusal names the error alone: its message may quote the request.
func refusal(err error) error {
	name := "413"
	var api smithy.APIError
	if errors.As(err, &api) {
		name = api.ErrorCode()
	}
	return errors.New("AWS Lambda does not take the request: " + name)
}

// functionFault is what AWS Lambda returns of a function that failed.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-retries.html
type functionFault struct {
	ErrorType    string `json:"errorType"`
	ErrorMessage string `json:"errorMessage"`
}

func faultOf(payload []byte) (f functionFault) {
	_ = json.Unmarshal(payload, &f) // a function may return anything as its error
	return f
}

// ranOutOfTime says whether AWS Lambda ended the function at its own time limit. Older runtimes say so in words alone.
func ranOutOfTime(payload []byte) bool {
	f := faultOf(payload)
	return f.ErrorType == "Sandbox.Timedout" || strings.Contains(f.ErrorMessage, "Task timed out after ")
}

// describe names the kind of a function's error. Its message is not shown: it may hold what the record holds.
func describe(out *lambda.InvokeOutput, err error) error {
	if err != nil {
		return err
	}
	name := faultOf(out.Payload).ErrorType
	if len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._$:", r)
	}) {
		name = ""
	}
	if name == "" {
		return errors.New("the function returned an error, see its own log")
	}
	return fmt.Errorf("the function returned an error, see its own log: %s", name)
}

// first names the first record that is sent.
func (g *group) first() string {
	for i := range g.entries {
		if e := &g.entries[i]; e.id != "" {
			return "record " + e.rec.Sequence
		}
	}
	return ""
}

// fail says why a record goes to the error output.
func (l *Lambda) fail(code, message string, attempts int) *sink.Failure {
	return &sink.Failure{Type: "processing-failed", Code: code, Message: message, Step: l.name, Attempts: attempts, LambdaARN: l.opts.Function}
}
