package partition

import (
	"strings"
	"time"
)

// ObjectKey returns the key of an object under a path of [Prefix.Path]. random is called for each
// !{firehose:random-string} of the prefix and returns a new UUID in its usual form, of which the first 11
// characters, lower-cased, are used, as Firehose does. name is appended as it is, with no slash put in between.
func ObjectKey(path string, random func() string, name string) string {
	n := strings.Count(path, string(randomMark))
	if n == 0 {
		return path + name
	}
	var b strings.Builder
	b.Grow(len(path) + n*(randomLength-1) + len(name))
	for {
		head, tail, more := strings.Cut(path, string(randomMark))
		b.WriteString(head)
		if !more {
			break
		}
		r := random()
		b.WriteString(strings.ToLower(r[:min(len(r), randomLength)]))
		path = tail
	}
	b.WriteString(name)
	return b.String()
}

// Display returns a path as logs and pages show it: with !{firehose:random-string} where the object's random
// string will be.
func Display(path string) string {
	return strings.ReplaceAll(path, string(randomMark), randomExpr)
}

// ObjectName returns <application>-<yyyy-MM-dd-HH-mm-ss>-<unique><.extension>, the form of Firehose's object
// names with the application in place of stream name and version. t is written in loc, or in UTC if that is
// nil; it should be the instant that the object's path was evaluated at. unique makes the name differ from that
// of every other object. The extension may have its dot or not; an empty one adds nothing.
// https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
func ObjectName(application string, t time.Time, loc *time.Location, unique, extension string) string {
	if loc == nil {
		loc = time.UTC
	}
	name := application + "-" + t.In(loc).Format("2006-01-02-15-04-05") + "-" + unique
	if extension = strings.TrimPrefix(extension, "."); extension != "" {
		name += "." + extension
	}
	return name
}
