// Package eventtime finds the time at which an event happened in the record that tells of it, so that a record can be filed
// under that time instead of its arrival. A Finder knows where in the JSON the time stands, how it is written, and how far from
// the arrival it may be. It is pure: it reads bytes and answers with a time, or with why there is none; what becomes of such a
// record is its caller's to decide.
//
// A place that is a plain path, such as .a.b[0], is read straight from the record's bytes, without building values and without
// allocating. Any other jq program is run by gojq, which decodes the whole record first.
package eventtime
