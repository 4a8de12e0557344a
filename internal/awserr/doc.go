// Package awserr says why a request to AWS failed, in the few words that matter: the SDK's own text names its operation,
// the HTTP status and a request id before it comes to the reason. Errors keep their types, so they are judged as before.
package awserr
