package eventtime

import (
	"context"
	"fmt"
	"strings"
	"time"

	"standpipe/internal/jsontext"
)

// Options says where a record's time stands and how it is written.
type Options struct {
	Path     string         // jq path such as .time, or any jq program whose first result is the time
	Format   string         // one of Formats or a pattern of Java's DateTimeFormatter; "" = auto
	Location *time.Location // zone of times that name none; nil = UTC

	// Oldest and Newest are how long before and after the record's arrival a time may be; 0 = any time of the years 1 to 9998,
	// beyond which no prefix can be evaluated.
	Oldest, Newest time.Duration
}

// Formats are the names of formats that are not patterns: by the value itself, epochs in seconds, milliseconds, microseconds and
// nanoseconds, and RFC 3339.
func Formats() []string {
	return []string{"auto", "epoch_s", "epoch_ms", "epoch_us", "epoch_ns", "rfc3339"}
}

// Finder finds the times of records. It never changes and is safe for concurrent use.
type Finder struct {
	opts   Options
	steps  []step   // of a plain path
	jq     *program // of any other; nil for a plain path
	format format
}

// New makes a Finder. An error says what is wrong with the path or the format.
func New(opts Options) (*Finder, error) {
	if opts.Location == nil {
		opts.Location = time.UTC
	}
	f := &Finder{opts: opts}
	var plain bool
	if f.steps, plain = parsePath(opts.Path); !plain {
		var err error
		if f.jq, err = compile(opts.Path); err != nil {
			return nil, err
		}
	}
	var err error
	f.format, err = parseFormat(opts.Format, opts.Location)
	return f, err
}

// Plain says whether the path is read straight from the record's bytes; if not, gojq decodes each record, which takes many
// times as long.
func (f *Finder) Plain() bool { return f.jq == nil }

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
// and white space before it are skipped. ctx bounds jq programs, which besides have a second for each record. data is not
// changed or kept, but for what Found says.
//
// With a plain path and a value without escapes it allocates nothing.
func (f *Finder) Find(ctx context.Context, data []byte, arrival time.Time) Found {
	found := Found{finder: f}
	i := 0
	if strings.HasPrefix(string(data[:min(len(data), len(jsontext.ByteOrderMark))]), jsontext.ByteOrderMark) {
		i = len(jsontext.ByteOrderMark)
	}
	i, _ = jsontext.SkipSpace(data, i)
	if f.jq == nil {
		from, to, _, fault := scan(data, i, f.steps)
		if fault != "" {
			found.Reason = NotJSON
			return found
		}
		found.value = data[from:to]
	} else {
		end, _, fault := jsontext.ScanValue(data, i)
		if fault != "" {
			found.Reason = NotJSON
			return found
		}
		found.value, found.fault = f.jq.run(ctx, data[i:end])
		if found.fault != "" {
			found.Reason = Unreadable
			return found
		}
	}
	if len(found.value) == 0 || string(found.value) == "null" {
		found.Reason = Missing
		return found
	}
	t, ok := f.format.read(found.value)
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
	where := fmt.Sprintf("no usable time at %s: ", excerpt(o.Path, 100))
	switch d.Reason {
	case NotJSON:
		return where + "the record is not JSON"
	case Missing:
		return where + "nothing is there, expected " + d.finder.format.expects
	case TooOld:
		return where + d.shown() + d.beyond(o.Oldest, "before")
	case TooNew:
		return where + d.shown() + d.beyond(o.Newest, "after")
	}
	if d.fault != "" {
		return where + excerpt(d.fault, 100)
	}
	return where + "found " + excerpt(string(d.value[:min(len(d.value), 200)]), 40) + ", expected " + d.finder.format.expects
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
