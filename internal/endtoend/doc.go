// Package endtoend runs whole workers against the fakes of Kinesis, DynamoDB and S3 in one process, lets
// them die, freeze and lose answers, and checks what is in the bucket. It works in a testing/synctest bubble,
// where hours pass in no time: its servers are reached without sockets.
package endtoend
