// Package s3test is the contract that sink relies on, as tests of any server of S3's API: Amazon S3, our s3fake
// and versitygw run the same bodies, so the fake stays honest. What the servers may differ in is a field of Env.
// Every test works under keys of its own and leaves nothing open, so a bucket with other objects will do.
package s3test
