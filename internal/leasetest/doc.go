// Package leasetest is the contract of the lease table: every rule of the commit protocol that a write to the
// table has to keep, as tests that run against any server that speaks DynamoDB. The in-process fake and the
// real thing pass the same suite.
package leasetest
