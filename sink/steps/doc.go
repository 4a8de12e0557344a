// Package steps makes of the records of a stream those that the outputs get: it unpacks, splits, filters and reshapes
// them, as Firehose's processors do. A record that a step can not take carries the reason to the error output. What stands
// behind a record, its place in the stream and its bytes as they came, stays with everything that is made of it.
package steps
