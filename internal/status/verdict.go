package status

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Levels of a verdict, and of what it is made of.
const (
	Well  = "well"  // records arrive
	Watch = "watch" // they do, or will without anybody's help; but somebody may want to know
	Bad   = "bad"   // they do not, or will not for long
)

// Verdict answers whether it is well.
type Verdict struct {
	Level    string    `json:"level"`
	Headline string    `json:"headline"`
	Findings []Finding `json:"findings"` // the worst first
}

// Finding is something worth knowing.
type Finding struct {
	Level string `json:"level"` // well = only to be known
	Text  string `json:"text"`

	brief string // what the headline says of it
}

// Limits are the configured times from which the verdict derives what is too long.
type Limits struct {
	Failover time.Duration // leases.failover
	Interval time.Duration // buffer.interval
}

const (
	behind  = 60.0        // seconds of lag from which on it is worth knowing
	lasting = time.Minute // how long something may fail before it is bad, as for /readyz
	many    = 20          // findings at most
)

// judge makes the verdict of everything else. unready are the lines of /readyz, found is what was found before.
func (s *Snapshot) judge(limits Limits, retention time.Duration, unusable error, unready []string, found ...Finding) {
	say := func(level, brief, format string, args ...any) {
		found = append(found, Finding{level, fmt.Sprintf(format, args...), brief})
	}
	living := 0
	for _, w := range s.Workers {
		if w.State != silent {
			living++
		}
	}
	for _, line := range unready {
		say(Bad, clip(line, 100), "%s", upper(line))
	}
	if unusable != nil {
		say(Bad, "the lease table can not be used", "%s", upper(unusable.Error()))
	}
	switch n := s.Shards.Unowned; {
	case living == 0 && s.Shards.Total > 0:
		say(Bad, "no worker is alive", "No worker is alive: nothing is read. Records wait in Kinesis until its retention ends. Start one with `standpipe run`; if they end by themselves, the last line of their log says why (docs/operations.md, No heartbeat).")
	case n > 0 && s.Shards.room >= 0 && s.Shards.room < s.Shards.Total:
		say(Bad, "nobody may own all shards", "The living workers may own %s by leases.max_leases, and there are %d to be read: start more workers, or raise it.", are(s.Shards.room, "shard", "shards"), s.Shards.Total)
	case n > 0 && len(unready) == 0: // else it says so after a while
		say(Watch, are(n, "shard", "shards")+" without an owner", "%s without an owner. A worker takes %s over within moments, or leases.failover (%s) after the last one died.", are(n, "shard is", "shards are"), it(n), spoken(limits.Failover))
	}
	if s.Shards.Damaged > 0 {
		say(Bad, "damaged rows in the lease table", "%s damaged: see \"Damaged rows\" in docs/security.md.", are(s.Shards.Damaged, "row of the lease table is", "rows of the lease table are"))
	}
	if s.Shards.Newer > 0 {
		say(Bad, "rows of a newer version in the lease table", "%s in a form that this version does not know: upgrade this program, see \"Upgrading\" in docs/operations.md.", are(s.Shards.Newer, "row of the lease table is", "rows of the lease table are"))
	}
	s.judgeLag(say, living, retention)
	for _, t := range s.Troubles {
		say(s.weight(t.Since), t.Doing+" fails", "%s", t.sentence(s.Time))
	}
	for _, w := range s.Workers {
		if w.State == silent && w.Shards > 0 {
			say(Watch, "a worker is silent", "Worker %s has not moved its heartbeat and owns %s: the others take them over.", w.ID, are(w.Shards, "shard", "shards"))
		}
		if w.This || w.State == silent {
			continue
		}
		if len(w.Troubles) > 0 {
			say(s.weight(w.Troubles[0].Since), w.Troubles[0].Doing+" fails", "Worker %s: %s", w.ID, w.Troubles[0].sentence(s.Time))
		}
		if late := 2*limits.Interval + lasting; limits.Interval > 0 && w.Oldest != nil && *w.Oldest > late.Seconds() {
			say(Bad, "commits do not come through", "Worker %s: its oldest record waits for its commit for %s (more than %s).", w.ID, span(*w.Oldest), spoken(late))
		}
	}
	if h := s.Hour; h != nil {
		if h.Gaps > 0 {
			say(Bad, "records have probably been lost", "Records have probably left the stream before they were read, %s in the last hour: raise the stream's retention, then see docs/operations.md.", times(h.Gaps))
		}
		if h.Undone > 0 {
			say(Watch, "batches were undone", "%s taken back in the last hour because an upload vanished: see \"Undone objects\" in docs/operations.md.", are(int(h.Undone), "batch was", "batches were"))
		}
		rejected := int64(0)
		for _, n := range h.Rejected {
			rejected += n
		}
		if rejected > 0 {
			say(Well, "", "%s went to the error prefix in the last hour (docs/errors.md says what to do).", are(int(rejected), "record", "records"))
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return weigh(b.Level) - weigh(a.Level) })
	s.Verdict = Verdict{Level: Well, Findings: found[:min(len(found), many)]}
	if s.Verdict.Findings == nil {
		s.Verdict.Findings = []Finding{}
	}
	if len(found) > 0 {
		s.Verdict.Level = found[0].Level
	}
	s.Verdict.Headline = s.headline(living)
}

func weigh(level string) int { return slices.Index([]string{Well, Watch, Bad}, level) }

// weight is how grave something is that fails since a time.
func (s *Snapshot) weight(since time.Time) string {
	if s.Time.Sub(since) > lasting {
		return Bad
	}
	return Watch
}

func (s *Snapshot) judgeLag(say func(level, brief, format string, args ...any), living int, retention time.Duration) {
	lag := s.Shards.Lag
	switch {
	case retention > 0 && lag > 0.8*retention.Seconds():
		say(Bad, "records are about to leave the stream unread", "Reading lags by %s, and the stream keeps records for %s: they are lost soon. Add workers or shards, or raise the retention at once.", span(lag), span(retention.Seconds()))
	case lag > behind && living == 0: // more workers or shards are no help
		say(Watch, "the stream is unread", "The stream is unread since %s (%s).", span(lag), s.Shards.Worst)
	case lag > behind:
		say(Watch, "reading lags by "+span(lag), "Reading lags by %s at most (%s). It catches up if the lag falls; if it grows, add workers or shards.", span(lag), s.Shards.Worst)
	}
}

func (s *Snapshot) headline(living int) string {
	switch s.Verdict.Level {
	case Bad:
		return "Not well: " + s.Verdict.Findings[0].brief
	case Watch:
		return "Working, but watch: " + s.Verdict.Findings[0].brief
	}
	if s.Shards.Total == 0 {
		return "Well: there is no shard to read yet"
	}
	text := fmt.Sprintf("Well: %s read by %s", are(s.Shards.Read, "shard is", "shards are"), are(living, "worker", "workers"))
	if s.Shards.Lag >= 1 {
		return text + ", at most " + span(s.Shards.Lag) + " behind"
	}
	return text + ", none of them behind"
}

// sentence says what fails, for how long and why.
func (t *Trouble) sentence(now time.Time) string {
	text := fmt.Sprintf("%s fails for %s (%s)", upper(t.Doing), span(now.Sub(t.Since).Seconds()), are(t.Count, "attempt", "attempts"))
	if t.On != "" && t.More > 0 {
		text += fmt.Sprintf(", for %s and %d more", t.On, t.More)
	} else if t.On != "" {
		text += ", for " + t.On
	}
	return text + ": " + t.Why + ". It is repeated until it succeeds; no record is lost by that."
}

func upper(text string) string {
	if text == "" || text[0] < 'a' || text[0] > 'z' {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func are(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}

func it(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// span is a time in seconds as people say it.
func span(s float64) string { return spoken(time.Duration(s * float64(time.Second))) }

func spoken(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}
