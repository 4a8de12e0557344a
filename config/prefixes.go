package config

import (
	"fmt"
	"strings"
	"time"
)

// folder is the literal beginning of a prefix up to its last slash before the
// first expression: what a reader of the output names as its place.
func folder(prefix string) string {
	literal, _, _ := strings.Cut(prefix, "!{")
	return literal[:strings.LastIndexByte(literal, '/')+1]
}

// prefixes checks that data, errors and journals stay apart. A prefix without
// a folder of its own is beside everything in its bucket, inside nothing.
func (v *validator) prefixes(c *Config) {
	j := c.Journal
	v.must(strings.HasSuffix(j.Prefix, "/") && !strings.HasPrefix(j.Prefix, "/") && !strings.Contains(j.Prefix, "!{"),
		"journal.prefix", "must be plain text that ends in / and does not begin with one", j.Prefix)
	for i, o := range c.Outputs {
		field := fmt.Sprintf("outputs[%d].prefix", i)
		v.apart(j, o.Bucket, o.Prefix, field)
		v.must(c.Errors.Bucket != o.Bucket || c.Errors.Prefix != o.Prefix,
			"errors.prefix", "must differ from "+field+"; its readers would take errors for data", c.Errors.Prefix)
	}
	v.apart(j, c.Errors.Bucket, c.Errors.Prefix, "errors.prefix")
}

// apart reports journals that lie inside the folder of a prefix, and a folder
// that lies inside the journals.
func (v *validator) apart(j Journal, bucket, prefix, field string) {
	place := folder(prefix)
	if bucket != j.Bucket || place == "" {
		return
	}
	if strings.HasPrefix(j.Prefix, place) {
		v.must(false, "journal.prefix", "must lie outside "+field+"; its readers would take journals for data", j.Prefix)
		return
	}
	v.must(!strings.HasPrefix(place, j.Prefix), field, "must lie outside journal.prefix, "+j.Prefix, prefix)
}

// beside names what else lies in a bucket.
func (c Config) beside(bucket string) string {
	var places []string
	if c.Errors.Bucket == bucket {
		places = append(places, folder(c.Errors.Prefix))
	}
	if c.Journal.Bucket == bucket {
		places = append(places, c.Journal.Prefix)
	}
	return strings.Join(places, " and ")
}

// Warnings lists what is allowed but usually a mistake, a line each in the
// form of a Problem.
func (c Config) Warnings() []string {
	var ps Problems
	if c.Buffer.Interval < Duration(time.Minute) {
		ps.Add("buffer.interval", "below 1m makes many small objects, which cost requests and slow readers down", c.Buffer.Interval.String())
	}
	if c.S3.Endpoint != "" && !c.S3.PathStyle {
		ps.Add("s3.path_style", "is false beside s3.endpoint; most S3-compatible servers need true", "")
	}
	for i, o := range c.Outputs {
		field := fmt.Sprintf("outputs[%d].prefix", i)
		if o.Prefix == "" && c.beside(o.Bucket) != "" {
			ps.Add(field, "is empty, so data lies at the root of the bucket, beside "+c.beside(o.Bucket)+"; readers of the bucket take both", "")
		}
		if o.Prefix != "" && !strings.HasSuffix(o.Prefix, "/") && !strings.HasSuffix(o.Prefix, "/}") {
			ps.Add(field, "does not end in /, so what follows is joined to its last word", o.Prefix)
		}
		if place := folder(o.Prefix); place != "" && o.Bucket == c.Errors.Bucket && strings.HasPrefix(c.Errors.Prefix, place) {
			ps.Add("errors.prefix", "lies inside "+field+", whose readers will take errors for data", c.Errors.Prefix)
		}
		for n, other := range c.Outputs[:i] {
			if o.Bucket == other.Bucket && o.Prefix == other.Prefix {
				ps.Add(field, fmt.Sprintf("is also that of outputs[%d], so readers see every record twice", n), o.Prefix)
			}
		}
	}
	var lines []string
	for _, p := range c.Locate(ps) {
		lines = append(lines, p.String())
	}
	return lines
}
