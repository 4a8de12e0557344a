// Package lambdafake is AWS Lambda with functions written in Go, for tests. It speaks the wire protocol of Invoke (REST
// JSON, synchronous calls and dry runs) and enforces the service's rules as far as Standpipe meets them: 6 MB of request and
// response, JSON as request, a function's error inside a success. Faults are injected in front of it by the same gate as
// with the other fakes.
package lambdafake
