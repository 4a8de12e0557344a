package lambdafake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"standpipe/internal/faults"
)

const (
	maxPayload  = 6 << 20
	maxResponse = maxPayload + 100
)

// Function takes a request's payload and gives the response's. Its error is one of the function: [Failed] says of which
// type. It runs on the goroutine of its request.
type Function func(payload []byte) ([]byte, error)

// Failed is an error of a function as its runtime reports it.
type Failed struct{ Type, Message string }

func (f *Failed) Error() string { return f.Type + ": " + f.Message }

// TimedOut is a function that AWS Lambda ended at its own time limit.
func TimedOut() error {
	return &Failed{"Sandbox.Timedout", "RequestId: 8f507cfc-xmpl-4697-b07a-ac58fc914c95 Error: Task timed out after 3.00 seconds"}
}

// Server is a Lambda endpoint. It is an http.Handler: serve it with net/http, or in process through faults.Transport. It
// asks for no signature. It is safe for concurrent use.
type Server struct {
	gate    faults.Gate
	handler http.Handler

	mu        sync.Mutex
	functions map[string]Function
}

var _ http.Handler = (*Server)(nil)

// New makes a service without functions.
func New() *Server {
	s := &Server{functions: map[string]Function{}}
	s.handler = s.gate.Handler(http.HandlerFunc(s.serve), name, func(w http.ResponseWriter, e *faults.Error) {
		if e.Body != nil {
			answer(w, e.Status, e.Body)
			return
		}
		refuse(w, e.Status, e.Code, e.Message)
	})
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Control makes fn decide about each call of op, "Invoke" or "DryRun" ("" for every call), until remove is called. The
// call's Object is the function's name.
func (s *Server) Control(op string, fn faults.Hook) (remove func()) { return s.gate.Control(op, fn) }

// Operations counts the requests so far, by operation.
func (s *Server) Operations() map[string]int { return s.gate.Operations() }

// Put makes a function, or replaces it.
func (s *Server) Put(name string, f Function) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.functions[name] = f
}

// target is the name in a path such as /2015-03-31/functions/arn:aws:lambda:eu-west-1:111122223333:function:tidy:live/invocations.
func target(r *http.Request) (function string, ok bool) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/2015-03-31/functions/")
	path, ok = strings.CutSuffix(path, "/invocations")
	named, err := url.PathUnescape(path)
	if _, rest, found := strings.Cut(named, "function:"); found {
		named = rest
	}
	named, _, _ = strings.Cut(named, ":")
	return named, ok && err == nil && r.Method == http.MethodPost
}

// name says what a request is about, for the gate.
func name(r *http.Request, _ []byte) faults.Call {
	op := "Invoke"
	if r.Header.Get("X-Amz-Invocation-Type") == "DryRun" {
		op = "DryRun"
	}
	function, _ := target(r)
	return faults.Call{Service: "lambda", Op: op, Object: function}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	function, ok := target(r)
	payload, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	s.mu.Lock()
	run := s.functions[function]
	s.mu.Unlock()
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, "UnknownOperationException", "")
	case run == nil:
		refuse(w, http.StatusNotFound, "ResourceNotFoundException", "Function not found: "+function)
	case r.Header.Get("X-Amz-Invocation-Type") == "DryRun":
		w.WriteHeader(http.StatusNoContent)
	case len(payload) > maxPayload:
		refuse(w, http.StatusRequestEntityTooLarge, "RequestTooLargeException", fmt.Sprintf("%d byte payload is too large for the RequestResponse invocation type (limit %d bytes)", len(payload), maxPayload))
	case !json.Valid(payload):
		refuse(w, http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json")
	default:
		invoke(w, run, payload)
	}
}

func invoke(w http.ResponseWriter, run Function, payload []byte) {
	response, err := run(payload)
	if err == nil && len(response) > maxResponse {
		err = &Failed{"Function.ResponseSizeTooLarge", fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", maxResponse)}
	}
	w.Header().Set("X-Amz-Executed-Version", "$LATEST")
	if err != nil {
		fault := &Failed{"Error", err.Error()}
		errors.As(err, &fault)
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		response = encode(map[string]string{"errorType": fault.Type, "errorMessage": fault.Message})
	}
	answer(w, http.StatusOK, response)
}

func answer(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-Amzn-Errortype", code)
	answer(w, status, encode(map[string]string{"Type": "User", "Message": message}))
}

func encode(members map[string]string) []byte {
	b, err := json.Marshal(members)
	if err != nil {
		panic(err) // strings
	}
	return b
}

// Throttled is what AWS Lambda answers while its limit of concurrent calls is reached.
func Throttled() *faults.Error {
	return &faults.Error{Status: http.StatusTooManyRequests, Code: "TooManyRequestsException", Message: "Rate Exceeded."}
}

// Denied is what AWS Lambda answers to whom a policy does not allow the call.
func Denied() *faults.Error {
	return &faults.Error{Status: http.StatusForbidden, Code: "AccessDeniedException", Message: "User is not authorized to perform: lambda:InvokeFunction"}
}

// Down is what AWS Lambda answers while it is out of order.
func Down() *faults.Error {
	return &faults.Error{Status: http.StatusInternalServerError, Code: "ServiceException", Message: "An error occurred and the request cannot be processed."}
}
