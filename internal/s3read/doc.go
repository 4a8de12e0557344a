// Package s3read reads buckets for commands and for what works beside delivery: it lists, looks and reads, with retries,
// and writes nothing. A read goes on where a broken connection left it.
package s3read
