package status

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// reportVersion grows when a member changes its meaning. A reader passes over members that it does not know, and takes
// nothing from a report of a higher version.
const reportVersion = 1

// Report is what a worker says of itself at a heartbeat. Its JSON is short, since it must fit into what a heartbeat's row
// has left of 1 KB.
type Report struct {
	V        int              `json:"v"`
	At       int64            `json:"t"` // by the worker's clock, in milliseconds since 1970
	Program  string           `json:"p,omitempty"`
	Started  int64            `json:"s"` // in seconds since 1970
	Records  float64          `json:"r,omitempty"`
	Bytes    float64          `json:"b,omitempty"`
	Lags     map[string]int64 `json:"l,omitempty"` // seconds by shard, of those that lag at all; "shardId-000000000012" is "12"
	Fewer    bool             `json:"f,omitempty"` // some with less lag are left out
	Used     int64            `json:"m,omitempty"`
	Budget   int64            `json:"M,omitempty"`
	Open     int              `json:"o,omitempty"`
	Oldest   int64            `json:"w,omitempty"` // seconds
	Batches  []ReportBatch    `json:"B,omitempty"`
	Commit   *ReportCommit    `json:"c,omitempty"` // the last one
	Troubles []ReportTrouble  `json:"T,omitempty"`
	Others   int              `json:"n,omitempty"` // troubles left out
}

// ReportBatch is a batch that is not yet visible.
type ReportBatch struct {
	Stage  string `json:"s"`
	Opened int64  `json:"t"` // seconds since 1970
	Bytes  int64  `json:"b,omitempty"`
}

// ReportCommit is a batch that became visible.
type ReportCommit struct {
	Visible int64   `json:"t"` // seconds since 1970
	Cause   string  `json:"c"`
	Took    float64 `json:"d"` // seconds
	Objects int     `json:"o"`
	Records int64   `json:"r"`
	Bytes   int64   `json:"b"`
	Stored  int64   `json:"s"`
}

// ReportTrouble is an operation that fails.
type ReportTrouble struct {
	Doing string `json:"d"`
	Why   string `json:"w"`
	Since int64  `json:"t"` // seconds since 1970
	Count int    `json:"n"`
	More  int    `json:"m,omitempty"`
}

const shardPrefix = "shardId-"

// shortShard is a shard's id without what all of them have; long is the way back.
func shortShard(id string) string {
	digits, ok := strings.CutPrefix(id, shardPrefix)
	short := strings.TrimLeft(digits, "0")
	if !ok || len(digits) != 12 || strings.Trim(digits, "0123456789") != "" {
		return id
	}
	return cmp.Or(short, "0")
}

func longShard(short string) string {
	if short == "" || len(short) > 12 || strings.Trim(short, "0123456789") != "" {
		return short
	}
	return shardPrefix + strings.Repeat("0", 12-len(short)) + short
}

// Encode gives the report in at most room bytes, leaving out what matters least; "" where there is no room for any.
func (r Report) Encode(room int) string {
	r.V = reportVersion
	r.Lags = maps.Clone(r.Lags)
	r.Troubles = slices.Clone(r.Troubles)
	r.Records, r.Bytes = math.Round(r.Records*10)/10, math.Round(r.Bytes)
	for {
		text, err := json.Marshal(r)
		if err != nil {
			return "" // a number that is none
		}
		if len(text) <= room {
			return string(text)
		}
		if !r.shorten() {
			return ""
		}
	}
}

// shorten leaves something out; false when there is nothing left.
func (r *Report) shorten() bool {
	longest := 0
	for i, t := range r.Troubles {
		if len(t.Why) > len(r.Troubles[longest].Why) {
			longest = i
		}
	}
	switch {
	case len(r.Lags) > 8:
		r.fewerLags(len(r.Lags) * 3 / 4)
	case len(r.Troubles) > 3:
		r.Others += len(r.Troubles) - 3
		r.Troubles = r.Troubles[:3]
	case len(r.Troubles) > 0 && len(r.Troubles[longest].Why) > 60:
		t := &r.Troubles[longest]
		t.Why = clip(t.Why, len(t.Why)*3/4)
	case len(r.Lags) > 1:
		r.fewerLags(1)
	case len(r.Troubles) > 1:
		r.Others += len(r.Troubles) - 1
		r.Troubles = r.Troubles[:1]
	case len(r.Troubles) > 0:
		r.Others += len(r.Troubles)
		r.Troubles = nil
	case r.Batches != nil:
		r.Batches = nil
	case r.Commit != nil:
		r.Commit = nil
	case len(r.Lags) > 0:
		r.fewerLags(0)
	case len(r.Program) > 0:
		r.Program = ""
	default:
		return false
	}
	return true
}

// fewerLags leaves the n largest.
func (r *Report) fewerLags(n int) {
	ids := slices.SortedFunc(maps.Keys(r.Lags), func(a, b string) int { return cmp.Or(cmp.Compare(r.Lags[b], r.Lags[a]), cmp.Compare(a, b)) })
	for _, id := range ids[n:] {
		delete(r.Lags, id)
	}
	r.Fewer = true
}

// clip cuts a text to at most n bytes, between two characters.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:max(0, n-len("…"))], "") + "…"
}

// readReport reads what another worker says of itself; nil where it says nothing that this program understands.
func readReport(text string) *Report {
	var r Report
	if text == "" || json.Unmarshal([]byte(text), &r) != nil || r.V < 1 || r.V > reportVersion || !r.sane() {
		return nil
	}
	return &r
}

// sane says whether all times can be shown: from 1970 to 2100.
func (r *Report) sane() bool {
	const end = 4102444800
	if r.At < 0 {
		return false
	}
	times := []int64{r.At / 1000, r.Started}
	for _, b := range r.Batches {
		times = append(times, b.Opened)
	}
	if r.Commit != nil {
		times = append(times, r.Commit.Visible)
	}
	for _, t := range r.Troubles {
		times = append(times, t.Since)
	}
	return slices.Min(times) >= 0 && slices.Max(times) < end
}

// lag is how far behind the tip of a shard the worker says it is; false where it leaves that open.
func (r *Report) lag(shard string) (float64, bool) {
	if s, ok := r.Lags[shortShard(shard)]; ok {
		return float64(s), true
	}
	return 0, !r.Fewer
}

// worst is the most that the worker lags, and on which shard; "" when it does not.
func (r *Report) worst() (lag float64, shard string) {
	for id, s := range r.Lags {
		if s := float64(s); s > lag || s == lag && (shard == "" || longShard(id) < shard) {
			lag, shard = s, longShard(id)
		}
	}
	return lag, shard
}

// skew is how far two clocks may differ.
const skew = 10 * time.Second

// recent says whether the report is not older than a living worker's, by the clock of who wrote it.
func (r *Report) recent(now time.Time, failover time.Duration) bool {
	return now.Sub(time.UnixMilli(r.At)) < failover+skew
}

// fill takes what the report says into a worker.
func (r *Report) fill(w *Worker) {
	w.Heard, w.Program, w.Started = time.UnixMilli(r.At).UTC(), r.Program, time.Unix(r.Started, 0).UTC()
	lag, _ := r.worst()
	w.Lag = ptr(lag)
	if r.Records > 0 || r.At/1000-r.Started > int64(2*Every/time.Second) { // before its first samples it does not know
		w.Records, w.Bytes = ptr(r.Records), ptr(r.Bytes)
	}
	w.Memory, w.OpenPaths, w.Oldest = &Memory{r.Used, r.Budget}, ptr(r.Open), ptr(float64(r.Oldest))
	if c := r.Commit; c != nil {
		w.Commit = &Commit{Cause: c.Cause, Visible: time.Unix(c.Visible, 0).UTC(), Seconds: c.Took, Objects: c.Objects, Records: c.Records, Bytes: c.Bytes, Stored: c.Stored}
	}
	for _, t := range r.Troubles {
		w.Troubles = append(w.Troubles, Trouble{Doing: t.Doing, Why: t.Why, Since: time.Unix(t.Since, 0).UTC(), Count: t.Count, More: t.More})
	}
}
