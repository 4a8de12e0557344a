// Package requests says what a stream costs in requests: DynamoDB request units, S3 requests and calls of Kinesis an
// hour. Its formulae are plain arithmetic over shards, workers, interval and what is delivered; its tests run whole
// workers against the servers in this process, count what they really send, and hold the formulae to it.
package requests
