package partition

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Key is a partition key that a prefix names: its value comes from the record, and records with different values lie
// under different paths.
// https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
type Key struct {
	Source Source
	Name   string
}

// Source says who computes the value of a partition key.
type Source string

const (
	// Query is the namespace of the keys that a jq program finds in the record.
	Query Source = "partitionKeyFromQuery"
	// Lambda is the namespace of the keys that a Lambda function returns with the record.
	Lambda Source = "partitionKeyFromLambda"
)

// String returns the key as the expression that a prefix has for it.
func (k Key) String() string { return "!{" + string(k.Source) + ":" + k.Name + "}" }

// Keys returns the partition keys of the prefix, each once, in the order in which they first stand there. This is the
// order of the values that KeyedPath takes.
func (p *Prefix) Keys() []Key { return slices.Clone(p.keys) }

// key adds a partition key to the segments.
func (p *parser) key(offset int, whole string, k Key) {
	switch {
	case p.kind == Errors:
		p.refuse(offset, whole, "may not stand in an error prefix, since a record may have failed before its partition keys were known: %s may be used", p.allowed())
		return
	case !p.prefix.dynamic:
		p.refuse(offset, whole, "is a partition key, and there are none here: %s may be used", p.allowed())
		return
	case k.Name == "":
		p.refuse(offset, whole, "names no partition key: its name stands between : and }")
		return
	}
	i := slices.Index(p.prefix.keys, k)
	if i < 0 {
		i = len(p.prefix.keys)
		p.prefix.keys = append(p.prefix.keys, k)
	}
	p.add(segment{field: keyValue, text: whole, key: i, offset: offset})
}

// A KeyError says why the partition keys of a record can not be part of a path. The record belongs in the error output,
// as metadata-extraction-failed.
type KeyError struct {
	Key    Key    // the zero Key if it is about the path as a whole
	Reason string // to be read after the key
}

// Error gives the key and the reason.
func (e *KeyError) Error() string {
	if e.Key == (Key{}) {
		return "evaluate prefix: " + e.Reason
	}
	return fmt.Sprintf("evaluate %s: %s", e.Key, e.Reason)
}

// KeyedPath evaluates a prefix with partition keys for a record that arrived at the given time: values holds one for each of
// Keys, else it panics. The error is a *KeyError: a value is empty, which Firehose refuses too, or has characters that no
// key in S3 can have, or the path is too long (see MaxLength and NamesOf), has a folder . or .. by them, or lies where
// others do (see OutOf).
func (p *Prefix) KeyedPath(arrival time.Time, values []string) (string, error) {
	if err := p.checkValues(values); err != nil {
		return "", err
	}
	path := p.appendPath(nil, arrival, "", values)
	if err := p.checkPath(path); err != nil {
		return "", err
	}
	return string(path), nil
}

// badCharacter finds the first byte in s that a key in S3 can not hold or list: keys are UTF-8, and listings are XML. It
// returns -1 if there is none.
func badCharacter(s string) (at int, why string) {
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			return i, "is not UTF-8: keys in S3 are UTF-8 text"
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff:
			return i, "is a control character: printable characters are allowed"
		}
	}
	return -1, ""
}
