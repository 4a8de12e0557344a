package partition

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxKeyBytes is how long the key of an S3 object may be.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
const maxKeyBytes = 1024

// NamesOf says how many bytes the names of objects take at most, so that a path whose partition keys leave no room for one
// is refused. Without it only MaxLength bounds a path.
func NamesOf(bytes int) Option {
	return func(p *Prefix) { p.nameBytes = bytes }
}

// OutOf keeps what partition keys make of a path out of other places of the bucket, such as that of the journals: a path
// that begins with one of them is refused. Empty ones, and those that hold the whole prefix anyway, keep nothing out.
func OutOf(places ...string) Option {
	return func(p *Prefix) {
		for _, place := range places {
			if place != "" && !strings.HasPrefix(p.literalText(), place) {
				p.others = append(p.others, place)
			}
		}
	}
}

// HiveValues has the values of partition keys written as Hive and Spark write those of their own partitions, and as they and
// those who follow them read them: characters that mean something in a path, such as / = : and %, and control characters
// become % and two digits, so that each value is a part of one folder. Without it values stand in paths as they are, as
// with Firehose.
func HiveValues() Option {
	return func(p *Prefix) { p.hive = true }
}

// Hive says whether values are written as HiveValues has it.
func (p *Prefix) Hive() bool { return p.hive }

// escaped are the characters beside control characters that Hive writes as % and two digits, in FileUtils.escapePathName.
const escaped = "\"#%'*/:=?\\\x7f{[]^"

// appendValue appends a partition key's value as paths have it.
func (p *Prefix) appendValue(b []byte, v string) []byte {
	if !p.hive {
		return append(b, v...)
	}
	dots := v == "." || v == ".."
	for i := range len(v) {
		if c := v[i]; c < 0x20 || strings.IndexByte(escaped, c) >= 0 || dots {
			b = fmt.Appendf(b, "%%%02X", c)
		} else {
			b = append(b, c)
		}
	}
	return b
}

// Unescape gives the value that HiveValues has written so; a % without two digits behind it stays.
func Unescape(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			high, low := hexDigit(text[i+1]), hexDigit(text[i+2])
			if high >= 0 && low >= 0 {
				b.WriteByte(byte(high<<4 | low))
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// hexDigit is the value of a digit, or negative.
func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// checkValues wants values that can stand in a path: not empty, which Firehose refuses too, and of characters that S3 can
// hold and list.
func (p *Prefix) checkValues(values []string) error {
	if len(values) != len(p.keys) {
		panic(fmt.Sprintf("%d values for %d partition keys", len(values), len(p.keys)))
	}
	for i, v := range values {
		reason := ""
		if v == "" {
			reason = "the value is missing or empty, and a path needs one"
		} else if j, why := p.badIn(v); j >= 0 {
			reason = fmt.Sprintf("the value %s has at byte %d what %s", quote(v), j, why)
		}
		if reason != "" {
			return &KeyError{p.keys[i], reason}
		}
	}
	return nil
}

// badIn finds in a value what can be in no path.
func (p *Prefix) badIn(v string) (at int, why string) {
	for at < len(v) {
		i, why := badCharacter(v[at:])
		switch {
		case i < 0:
			return -1, ""
		case !p.hive || v[at+i] >= 0x20 && v[at+i] != 0x7f:
			return at + i, why
		}
		at += i + 1 // it is escaped
	}
	return -1, ""
}

// checkPath wants an evaluated path with partition keys to be one that S3 can take with a name behind it.
func (p *Prefix) checkPath(path []byte) error {
	marks := 0
	for i := range p.segments {
		if p.segments[i].field == random {
			marks++
		}
	}
	added := marks * (randomLength - 1)
	if n := utf8.RuneCount(path) + added; n > MaxLength {
		return &KeyError{Reason: fmt.Sprintf("the path is %d characters long with its partition keys, %d are allowed", n, MaxLength)}
	}
	if n := len(path) + added + p.nameBytes; p.nameBytes > 0 && n > maxKeyBytes {
		return &KeyError{Reason: fmt.Sprintf("the path makes keys of %d bytes with its partition keys, S3 takes %d", n, maxKeyBytes)}
	}
	if !p.dotted && dottedFolder(path) {
		return &KeyError{Reason: `the path has a folder "." or ".." with its partition keys, which S3 and its tools take for another place`}
	}
	for _, place := range p.others {
		if len(path) >= len(place) && string(path[:len(place)]) == place {
			return &KeyError{Reason: fmt.Sprintf("the path begins with %s with its partition keys, where other objects lie", quote(place))}
		}
	}
	return nil
}

// dottedFolder says whether a folder of the path is called . or .., which are no names. What stands behind the last slash is
// the beginning of objects' names.
func dottedFolder[T string | []byte](path T) bool {
	start := 0
	for i := range len(path) {
		if path[i] != '/' {
			continue
		}
		if n := i - start; n > 0 && n < 3 && path[start] == '.' && path[i-1] == '.' {
			return true
		}
		start = i + 1
	}
	return false
}
