// Package dynamofake is a DynamoDB that lives in this process: it speaks the AWS JSON 1.0 wire protocol to
// the unchanged AWS SDK and keeps its tables in memory. It is the lease store of `demo` and of the tests, so
// it enforces the rules leases depend on: conditions, transactions that are all or nothing, request tokens,
// size limits, reserved words. Where AWS documents a behaviour that is what it does; what AWS leaves open
// follows DynamoDB Local, and the test suite runs against either server.
package dynamofake
