package gluefake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"standpipe/internal/faults"
)

// Server is a Glue endpoint with one catalog. It is an http.Handler: serve it with net/http, or in process through
// faults.Transport. It asks for no signature. Every operation is atomic under one mutex; nothing outlives the Server. It
// is safe for concurrent use.
type Server struct {
	gate    faults.Gate
	handler http.Handler

	mu        sync.Mutex
	databases map[string]map[string]*table
	refused   map[string]bool
}

var _ http.Handler = (*Server)(nil)

// New makes a catalog with empty databases.
func New(databases ...string) *Server {
	s := &Server{databases: map[string]map[string]*table{}, refused: map[string]bool{}}
	for _, name := range databases {
		s.databases[strings.ToLower(name)] = map[string]*table{}
	}
	s.handler = s.gate.Handler(http.HandlerFunc(s.serve), name, func(w http.ResponseWriter, e *faults.Error) {
		body := e.Body
		if body == nil {
			body = (&apiError{e.Status, e.Code, e.Message}).body()
		}
		answer(w, e.Status, body)
	})
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Control makes fn decide about each call of op, such as "GetTable" ("" for every call), until remove is called. The
// call's Object is "database.table".
func (s *Server) Control(op string, fn faults.Hook) (remove func()) { return s.gate.Control(op, fn) }

// Operations counts the requests so far, by operation.
func (s *Server) Operations() map[string]int { return s.gate.Operations() }

const targetPrefix = "AWSGlue."

var operations = map[string]func(*Server, []byte) (any, error){
	"GetTable":             handle((*Server).getTable),
	"CreateTable":          handle((*Server).createTable),
	"BatchCreatePartition": handle((*Server).batchCreatePartition),
}

// handle decodes a request and carries it out under the server's mutex.
func handle[In any](run func(*Server, *In) (any, error)) func(*Server, []byte) (any, error) {
	return func(s *Server, body []byte) (any, error) {
		in := new(In)
		if err := json.Unmarshal(body, in); err != nil {
			return nil, &apiError{http.StatusBadRequest, "SerializationException", err.Error()}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		return run(s, in)
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	op, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
	run := operations[op]
	var out any
	if !ok || run == nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != contentType {
		err = &apiError{http.StatusBadRequest, "UnknownOperationException", "An unknown operation was requested."}
	} else {
		out, err = run(s, body)
	}
	var refused *apiError
	if errors.As(err, &refused) {
		answer(w, refused.status, refused.body())
		return
	}
	encoded, err := json.Marshal(out)
	if err != nil {
		panic(err) // answers are made of what requests were made of
	}
	answer(w, http.StatusOK, encoded)
}

const contentType = "application/x-amz-json-1.1"

func answer(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// name says what a request is about, for the gate.
func name(r *http.Request, body []byte) faults.Call {
	var in struct {
		DatabaseName, Name, TableName string
		TableInput                    struct{ Name string }
	}
	_ = json.Unmarshal(body, &in) // a request of another shape is refused later; here it has no name
	return faults.Call{
		Service: "glue", Op: strings.TrimPrefix(r.Header.Get("X-Amz-Target"), targetPrefix),
		Object: in.DatabaseName + "." + in.Name + in.TableName + in.TableInput.Name,
	}
}

// apiError is an error answer of the API.
type apiError struct {
	status  int
	code    string
	message string
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func (e *apiError) body() []byte {
	b, err := json.Marshal(map[string]string{"__type": e.code, "Message": e.message})
	if err != nil {
		panic(err) // two strings
	}
	return b
}

func refuse(code, format string, args ...any) error {
	return &apiError{http.StatusBadRequest, code, fmt.Sprintf(format, args...)}
}

// Throttled is what Glue answers to whom asks too often.
func Throttled() *faults.Error {
	return &faults.Error{Status: http.StatusBadRequest, Code: "ThrottlingException", Message: "Rate exceeded"}
}

// Denied is what Glue answers to whom a policy does not allow an action.
func Denied() *faults.Error {
	return &faults.Error{Status: http.StatusBadRequest, Code: "AccessDeniedException", Message: "User is not authorized to perform this action"}
}

// Down is what Glue answers while it is out of order.
func Down() *faults.Error {
	return &faults.Error{Status: http.StatusInternalServerError, Code: "InternalServiceException", Message: "Service unavailable"}
}
