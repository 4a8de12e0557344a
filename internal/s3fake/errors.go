package s3fake

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"

	"standpipe/internal/faults"
)

// Error is an answer of S3 other than success.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
type Error struct {
	Status  int
	Code    string
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func failure(status int, code, format string, args ...any) *Error {
	return &Error{status, code, fmt.Sprintf(format, args...)}
}

var (
	errNoSuchBucket = &Error{http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist"}
	errNoSuchKey    = &Error{http.StatusNotFound, "NoSuchKey", "The specified key does not exist."}
	errNoSuchUpload = &Error{http.StatusNotFound, "NoSuchUpload",
		"The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."}
	errAccessDenied     = &Error{http.StatusForbidden, "AccessDenied", "Access Denied"}
	errInvalidPartOrder = &Error{http.StatusBadRequest, "InvalidPartOrder",
		"The list of parts was not in ascending order. Parts must be ordered by part number."}
	errEntityTooSmall = &Error{http.StatusBadRequest, "EntityTooSmall",
		"Your proposed upload is smaller than the minimum allowed size"}
	errMalformedXML = &Error{http.StatusBadRequest, "MalformedXML",
		"The XML you provided was not well-formed or did not validate against our published schema"}
	errPrecondition = &Error{http.StatusPreconditionFailed, "PreconditionFailed",
		"At least one of the pre-conditions you specified did not hold"}
	errNotImplemented = &Error{http.StatusNotImplemented, "NotImplemented",
		"A header or query you provided implies functionality that is not implemented"}
)

// asError gives every failure S3's form: what is not an *Error already is an InternalError that names its cause.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{http.StatusInternalServerError, "InternalError", err.Error()}
}

type errorBody struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	Resource  string `xml:",omitempty"`
	RequestID string `xml:"RequestId"`
}

func writeError(w http.ResponseWriter, resource string, err error) {
	e := asError(err)
	writeXML(w, e.Status, errorBody{Code: e.Code, Message: e.Message, Resource: resource, RequestID: "s3fake"})
}

// fail writes an injected fault in S3's form.
func fail(w http.ResponseWriter, e *faults.Error) {
	status := e.Status
	if status == 0 {
		status = http.StatusInternalServerError
	}
	if e.Body != nil {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_, _ = w.Write(e.Body)
		return
	}
	writeError(w, "", &Error{status, e.Code, e.Message})
}

func writeXML(w http.ResponseWriter, status int, body any) {
	text, err := xml.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(xml.Header))
	_, _ = w.Write(text)
}
