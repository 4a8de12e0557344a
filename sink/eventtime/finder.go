package eventtime

import (
	"fmt"
	"strings"
	"time"

	"standpipe/internal/jsontext"
)

// Options says where a record's time stands, how it is written, and which times are believed.
type Options struct {
	Path   Path
	Format Format

	// Oldest and Newest are how long before and after the record's arrival a time may be; 0 = any time of the years 1 to 9998,
	// beyond which no prefix can be evaluated.
	Oldest, Newest time.Duration
}

// Finder finds the times of records. It never changes and is safe for concurrent use.
type Finder struct{ opts Options }

// New makes a Finder. Path and Format are those of ParsePath and ParseFormat.
func New(opts Options) *Finder { return &Finder{opts} }

// Plain says whether the path is read straight from the record's bytes; if not, gojq decodes each record, which takes many
// times as long.
func (f *Finder) Plain() bool { return f.opts.Path.plain() }

// Reason says why a record has no usable time.
type Reason string

// The reasons. A record is NotJSON when its first value is not; what follows it is not looked at.
const (
	Usable     Reason = ""
	NotJSON    Reason = "not_json"
	Missing    Reason = "missing"    // nothing is there, or null
	Unreadable Reason = "unreadable" // something is there, but no time in the format
	TooOld     Reason = "too_old"
	TooNew     Reason = "too_new"
)

// Reasons are all but Usable.
func Reasons() []Reason { return []Reason{NotJSON, Missing, Unreadable, TooOld, TooNew} }

// Found is what a record says about its time. Its Message needs the record's bytes; the rest does not.
type Found struct {
	Time   time.Time // in UTC; set if Reason is Usable, TooOld or TooNew
	Reason Reason

	finder *Finder
	value  []byte // JSON, of the record or of a jq result; nil = nothing
	fault  string // what is wrong with the program's run
}

// Find finds the time of a record that arrived at the given time. The first JSON value of the record counts; a byte order mark
// and white space before it are skipped. A jq program has a second and 64 MiB for each record. data is not changed, and kept
// by Found alone.
//
// With a plain path and a value without escapes it allocates nothing.
func (f *Finder) Find(data []byte, arrival time.Time) Found {
	found := Found{finder: f}
	i := 0
	if strings.HasPrefix(string(data[:min(len(data), len(jsontext.ByteOrderMark))]), jsontext.ByteOrderMark) {
		i = len(jsontext.ByteOrderMark)
	}
	i, _ = jsontext.SkipSpace(data, i)
	var fault string
	if found.value, found.fault, fault = f.opts.Path.value(data, i); fault != "" {
		found.Reason = NotJSON
		return found
	}
	if found.fault != "" {
		found.Reason = Unreadable
		return found
	}
	if len(found.value) == 0 || string(found.value) == "null" {
		found.Reason = Missing
		return found
	}
	t, ok := f.opts.Format.read(found.value)
	if !ok {
		found.Reason = Unreadable
		return found
	}
	found.Time = t.UTC()
	found.Reason = f.bounded(found.Time, arrival)
	return found
}

var (
	first = time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)      // in every zone in the year 1 or later
	last  = time.Date(9998, 12, 31, 0, 0, 0, 0, time.UTC) // in every zone in the year 9998 or before
)

func (f *Finder) bounded(t, arrival time.Time) Reason {
	switch {
	case t.Before(first), f.opts.Oldest > 0 && t.Before(arrival.Add(-f.opts.Oldest)):
		return TooOld
	case !t.Before(last), f.opts.Newest > 0 && t.After(arrival.Add(f.opts.Newest)):
		return TooNew
	}
	return Usable
}

// Message says of a record without a usable time what was expected where, and what was found, in at most 40 characters of it.
func (d Found) Message() string {
	o := d.finder.opts
	where := fmt.Sprintf("no usable time at %s: ", excerpt(o.Path.text, 100))
	switch d.Reason {
	case NotJSON:
		return where + "the record is not JSON"
	case Missing:
		return where + "nothing is there, expected " + o.Format.expects
	case TooOld:
		return where + d.shown() + d.beyond(o.Oldest, "before")
	case TooNew:
		return where + d.shown() + d.beyond(o.Newest, "after")
	}
	if d.fault != "" {
		return where + excerpt(d.fault, 100)
	}
	return where + "found " + excerpt(string(d.value[:min(len(d.value), 200)]), 40) + ", expected " + o.Format.expects
}

func (d Found) shown() string {
	return fmt.Sprintf("found %s, which is %s, ", excerpt(string(d.value[:min(len(d.value), 200)]), 40), d.Time.Format(time.RFC3339))
}

func (d Found) beyond(limit time.Duration, side string) string {
	if limit == 0 {
		return "beyond the years that can be filed"
	}
	return fmt.Sprintf("more than %s %s its arrival", limit, side)
}

// excerpt shortens text to so many characters, its control characters and broken ones replaced.
func excerpt(text string, most int) string {
	var b strings.Builder
	n := 0
	for _, c := range text {
		if n++; n > most {
			return b.String() + "…"
		}
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			c = '\uFFFD'
		}
		b.WriteRune(c)
	}
	return b.String()
}
