package dynamofake

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// apiError is an error answer of the API; extra fields stand beside the message in its JSON body.
type apiError struct {
	status  int
	code    string
	message string
	extra   map[string]any
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func refuse(code, format string, args ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, code: code, message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *apiError {
	return refuse("ValidationException", format, args...)
}

func unknownTable() *apiError {
	return refuse("ResourceNotFoundException", "Requested resource not found")
}

func conditionFailed() *apiError {
	return refuse("ConditionalCheckFailedException", "The conditional request failed")
}

// is reports whether err is an API error with this code.
func is(err error, code string) bool {
	var e *apiError
	return errors.As(err, &e) && e.code == code
}

// body is the answer on the wire. ValidationException carries another name space than the other codes, and
// the message is "message" for it and "Message" for transactions; the SDK reads both.
func (e *apiError) body() []byte {
	space := "com.amazonaws.dynamodb.v20120810#"
	if e.code == "ValidationException" || e.code == "SerializationException" {
		space = "com.amazon.coral.validate#"
	}
	fields := map[string]any{"__type": space + e.code}
	if e.code == "TransactionCanceledException" {
		fields["Message"] = e.message
	} else {
		fields["message"] = e.message
	}
	for k, v := range e.extra {
		fields[k] = v
	}
	b, err := json.Marshal(fields)
	if err != nil {
		panic(err) // strings, items and reasons only
	}
	return b
}
