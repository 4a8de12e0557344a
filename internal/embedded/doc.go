// Package embedded runs Kinesis, DynamoDB and S3 on loopback addresses of this process, for the commands that need no
// account: the demo, and the trial of a configuration. Buckets are folders. The servers are those that the tests use.
package embedded
