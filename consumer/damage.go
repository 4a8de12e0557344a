package consumer

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// DamagedError says that a row of the lease table is not as any Standpipe writes it: somebody changed it by hand,
// or another program did. Nothing is done on its word, so nothing is lost; what depends on it waits until it is
// mended.
type DamagedError struct {
	Table string
	Key   string // of the row
	Fault string // what is wrong with which attribute
}

func (e *DamagedError) Error() string {
	what := "its shard is not read until that is mended"
	switch {
	case strings.HasPrefix(e.Key, batchKey):
		what = "its batch waits until that is mended"
	case e.Key == RedriveShard || e.Key == redriveBeatKey:
		what = "no error record is redriven until that is mended"
	case e.Key == applicationKey:
		what = "no worker starts until that is mended"
	case strings.HasPrefix(e.Key, workerKey):
		what = "delete the row: its worker, if it lives, writes another"
	}
	return fmt.Sprintf("read row %s of table %s: %s: %s (see \"Damaged rows\" in docs/security.md)", e.Key, e.Table, e.Fault, what)
}

// attributes reads a row's attributes and keeps the first thing that is wrong.
type attributes struct {
	row   row
	fault string // "" so far
}

func (a *attributes) fail(format string, args ...any) {
	if a.fault == "" {
		a.fault = fmt.Sprintf(format, args...)
	}
}

func (a *attributes) has(name string) bool { return a.row[name] != nil }

// text reads a string that must be there; DynamoDB may hold an empty one.
func (a *attributes) text(name string) string {
	s := a.optional(name)
	if s == "" {
		a.fail("%s is missing or empty", name)
	}
	return s
}

// optional reads a string, "" when there is none.
func (a *attributes) optional(name string) string {
	if !a.has(name) {
		return ""
	}
	v, ok := a.row[name].(*types.AttributeValueMemberS)
	if !ok {
		a.fail("%s is %s, not a string", name, typeName(a.row[name]))
		return ""
	}
	return v.Value
}

// number reads a whole number that is least or more, def when there is none.
func (a *attributes) number(name string, least, def int64) int64 {
	if !a.has(name) {
		return def
	}
	v, ok := a.row[name].(*types.AttributeValueMemberN)
	if !ok {
		a.fail("%s is %s, not a number", name, typeName(a.row[name]))
		return def
	}
	n, err := strconv.ParseInt(v.Value, 10, 64)
	if err != nil || n < least {
		a.fail("%s is %.40s, not a whole number of %d or more", name, v.Value, least)
		return def
	}
	return n
}

func (a *attributes) millis(name string) time.Time { return fromMillis(a.number(name, 0, 0)) }

// texts reads a set of strings, none when it is not there.
func (a *attributes) texts(name string) []string {
	if !a.has(name) {
		return nil
	}
	v, ok := a.row[name].(*types.AttributeValueMemberSS)
	if !ok {
		a.fail("%s is %s, not a set of strings", name, typeName(a.row[name]))
		return nil
	}
	return v.Value
}

// checkpoint reads a position that must be there.
func (a *attributes) checkpoint(name string) string {
	s := a.text(name)
	if s != "" && !isCheckpoint(s) {
		a.fail("%s is %.80q, neither a sequence number nor %s, %s, %s or %s", name, s, trimHorizon, latest, atTimestamp, shardEnd)
	}
	return s
}

// isCheckpoint tells what a checkpoint can be from everything else. A sequence number has 56 digits in Kinesis; its
// API takes up to 128.
func isCheckpoint(s string) bool {
	switch s {
	case trimHorizon, latest, atTimestamp, shardEnd:
		return true
	}
	if _, timed := startTime(s); timed {
		return true
	}
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

// typeName is an attribute's type as DynamoDB's documentation names it.
func typeName(v types.AttributeValue) string {
	switch v.(type) {
	case *types.AttributeValueMemberS:
		return "a string"
	case *types.AttributeValueMemberN:
		return "a number"
	case *types.AttributeValueMemberB:
		return "binary"
	case *types.AttributeValueMemberBOOL:
		return "a boolean"
	case *types.AttributeValueMemberNULL:
		return "null"
	case *types.AttributeValueMemberL:
		return "a list"
	case *types.AttributeValueMemberM:
		return "a map"
	}
	return "a set"
}
