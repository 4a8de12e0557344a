// Package partition decides under which key a record lands in S3. It parses prefix expressions in the form of
// Amazon Data Firehose, evaluates them to the path of a record, and makes the key of an object from a path. It
// is pure: times, random strings and time zones are handed in, so the same input always gives the same key.
//
// A path is not yet the head of a key: !{firehose:random-string} is drawn once for each object, so a path keeps
// a mark in its place, and records whose paths are equal belong in the same object. [ObjectKey] replaces the
// marks when an object is created. Partition keys, which come from the records, are handed in as well.
//
// The same patterns read times: see [Reader].
//
// The behaviour copied is that of
// https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html and
// https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html.
package partition
