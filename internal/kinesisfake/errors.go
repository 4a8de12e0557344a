package kinesisfake

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/fxamacker/cbor/v2"

	"standpipe/internal/faults"
)

const (
	account = "000000000000"
	region  = "us-east-1"
)

// ARN is the name that stream has for every server of this package.
func ARN(stream string) string {
	return "arn:aws:kinesis:" + region + ":" + account + ":stream/" + stream
}

// refuse makes an error with a code of the Kinesis API reference and a message like AWS's.
func refuse(code, format string, args ...any) *faults.Error {
	return &faults.Error{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
}

func invalidArgument(format string, args ...any) *faults.Error {
	return refuse("InvalidArgumentException", format, args...)
}

func validation(field, value, constraint string) *faults.Error {
	return refuse("ValidationException", "1 validation error detected: Value %s at '%s' failed to satisfy constraint: %s",
		value, field, constraint)
}

func noStream(name string) *faults.Error {
	return refuse("ResourceNotFoundException", "Stream %s under account %s not found.", name, account)
}

func noShard(stream, shard string) *faults.Error {
	return refuse("ResourceNotFoundException", "Shard %s in stream %s under account %s does not exist", shard, stream, account)
}

func notActive(stream, status string) *faults.Error {
	return refuse("ResourceInUseException", "Stream %s under account %s not ACTIVE, instead in state %s", stream, account, status)
}

func tooFast(stream, shard string) *faults.Error {
	return refuse("ProvisionedThroughputExceededException", "Rate exceeded for shard %s in stream %s under account %s.",
		shard, stream, account)
}

func tooManyShards(have, limit, more int) *faults.Error {
	return refuse("LimitExceededException", "This request would exceed the shard limit for the account %s in %s. "+
		"Current shard count for the account: %d. Limit: %d. Number of additional shards that would have resulted from "+
		"this request: %d.", account, region, have, limit, more)
}

// writeError answers e as AWS JSON 1.1 does.
func writeError(w http.ResponseWriter, e *faults.Error) { writeErrorAs(w, jsonContentType, e) }

// writeErrorAs answers e in the protocol of a content type.
func writeErrorAs(w http.ResponseWriter, contentType string, e *faults.Error) {
	body := e.Body
	if body == nil {
		text := map[string]string{"__type": e.Code, "message": e.Message}
		if contentType == cborContentType {
			body, _ = cbor.Marshal(text)
		} else {
			body, _ = json.Marshal(text)
		}
	}
	status := e.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
