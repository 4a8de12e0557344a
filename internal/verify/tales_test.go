package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"standpipe/sink"
)

const start = trimHorizon

func TestSplitAndMergeAreCrossedAtTheirEnds(t *testing.T) {
	w := newTale(t)
	w.batch(1, span("a", start, "10"), span("b", start, "20"))
	w.batch(1, span("a", "10", sink.ShardEnd))
	w.batch(1, span("c", start, "30"), span("b", "20", "25")) // b's end is bare: it leaves no journal
	w.batch(1, span("c", "30", sink.ShardEnd))
	w.batch(1, span("d", start, "40"))
	w.row("a", sink.ShardEnd)
	w.row("b", sink.ShardEnd)
	w.row("c", sink.ShardEnd, "a")
	w.row("d", "40", "b", "c")
	w.row("e", start, "a")
	r := w.fine(deep)
	for shard, proved := range map[string]string{
		"a": "from its beginning to its end", "b": "from its beginning to its end", "c": "from its beginning to its end",
		"d": "from its beginning to its checkpoint", "e": "nothing delivered yet",
	} {
		if s := verdict(r, shard); s.Verdict != Fine || s.Proved != proved {
			t.Errorf("shard %s: %s, %s", shard, s.Verdict, s.Proved)
		}
	}
	if r.Journals != 5 || r.Objects != 5 || r.Lines != 15 || verdict(r, "b").Records != 6 {
		t.Errorf("got %+v", r)
	}
}

func TestChildReadBeforeItsParentsEnd(t *testing.T) {
	w := newTale(t)
	w.batch(1, span("a", start, "10"), span("b", start, sink.ShardEnd))
	w.batch(1, span("c", start, "30"))
	w.row("a", "10")
	w.row("b", sink.ShardEnd)
	w.row("c", "30", "a", "b")
	w.only(w.verify(nil), Parent, "shard c", "parent a", "up to 10 only")
}

// TestCheckpointAndJournalsAgree changes the row of a sound shard.
func TestCheckpointAndJournalsAgree(t *testing.T) {
	for name, tc := range map[string]struct {
		at    string
		kind  Kind
		words string
	}{
		"ahead":    {"40", Gap, "no journal says what became of the records behind 30"},
		"within":   {"25", Checkpoint, "checkpoint 25 lies within what batch"},
		"set back": {"20", Checkpoint, "its checkpoint is 20: somebody set the row back"},
		"to start": {start, Checkpoint, "its checkpoint is TRIM_HORIZON"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTale(t)
			w.batch(1, span("a", start, "20"))
			w.batch(1, span("a", "20", "30"))
			w.row("a", tc.at)
			r := w.verify(nil)
			if !has(r.Problems, tc.kind, "shard a", tc.words) || verdict(r, "a").Verdict != Wrong {
				t.Errorf("got %s", texts(r.Problems))
			}
		})
	}
}

func TestGapAndOverlapAreNamed(t *testing.T) {
	w := newTale(t)
	w.batch(1, span("a", start, "10"), span("b", start, "10"))
	w.batch(1, span("a", "20", "30"), span("b", "5", "30"))
	w.batch(1, span("a", "30", "40"), span("b", "30", "40"))
	w.row("a", "40")
	w.row("b", "40")
	r := w.verify(nil)
	if len(r.Problems) != 2 || !has(r.Problems, Gap, "shard a", "(10, 20]", w.id(1), w.id(2)) || !has(r.Problems, Overlap, "shard b", "(5, 10]", "up to 10", w.id(2)) {
		t.Errorf("got %s", texts(r.Problems))
	}
}

func (w *tale) id(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// Journals come in the order of several clocks.
func TestOrderOfJournalsDoesNotMatter(t *testing.T) {
	w := newTale(t)
	for _, s := range []string{"50 60", "10 20", "30 40", start + " 10", "20 30", "60 70", "40 50"} {
		after, through, _ := strings.Cut(s, " ")
		w.batch(1, span("a", after, through))
	}
	w.row("a", "70")
	if s := verdict(w.fine(nil), "a"); s.Ranges != 7 || s.Verdict != Fine || s.After != start || s.Through != "70" {
		t.Errorf("got %+v", s)
	}
}

// TestBatchInFlightIsLeftOut has a promised batch of which the journal and one of two objects are there.
func TestBatchInFlightIsLeftOut(t *testing.T) {
	w := newTale(t)
	w.batch(1, span("a", start, "10"))
	w.row("a", "10")
	b := w.batch(2, span("a", "10", "20"))
	w.remove(b.objects[1])
	w.must(w.table.Intend(t.Context(), sink.Item{ID: b.id, Owner: "w", State: sink.Committed, Journal: &sink.Upload{Key: b.journal}, Spans: []sink.Span{{Shard: "a", Epoch: 1, After: "10", Through: "20"}}}))
	r := w.fine(deep)
	if r.InFlight != 1 || r.Objects != 1 || verdict(r, "a").Verdict != Fine {
		t.Errorf("got %+v", r)
	}
	w.must(w.table.Mark(t.Context(), b.id)) // an undo under way has deleted the second object
	w.fine(deep)
	w.remove(b.objects[0])
	w.remove(b.journal)
	w.must(w.table.Clear(t.Context(), sink.Item{ID: b.id, Spans: []sink.Span{{Shard: "a"}}}))
	if r = w.fine(deep); r.InFlight != 0 {
		t.Errorf("got %+v", r)
	}
}

// TestObjectOfALaterBatchIsNoOrphan has a batch that comes in while the bucket is listed.
func TestObjectOfALaterBatchIsNoOrphan(t *testing.T) {
	w := newTale(t)
	w.batch(1, span("a", start, "10"))
	w.row("a", "10")
	r := w.verify(func(o *Options) {
		o.Places = []Place{{Bucket: lake, Head: "clicks/"}}
		o.Parents = func(context.Context) (map[string][]string, error) { return nil, nil }
		o.Store = meddling{o.Store, func(head string) {
			if head == "clicks/" {
				w.batch(1, span("a", "10", "20"))
			}
		}}
	})
	if !r.OK {
		t.Errorf("got %s", texts(r.Problems))
	}
}

// TestTimeAskedFor looks at the middle one of three hours.
func TestTimeAskedFor(t *testing.T) {
	w := newTale(t)
	var all []*told
	at := start
	for n := range 180 {
		w.prefix = w.now.Add(minute).Format("clicks/15/")
		next := strconv.Itoa(100 + n)
		all = append(all, w.batch(1, span("a", at, next)))
		at = next
	}
	w.row("a", at)
	middle := func(o *Options) { o.From, o.To = noon.Add(60*minute), noon.Add(120*minute) }
	r := w.fine(middle)
	if s := verdict(r, "a"); r.Journals != 60 || r.Objects != 60 || s.Ranges != 60 || s.Proved != "from a batch of before that time to a batch of before the end of that time" && s.Proved != "from its beginning to a batch of before the end of that time" {
		t.Errorf("got %+v", r)
	}
	early, inside, late := all[10], all[90], all[170]
	w.remove(early.objects[0])
	w.remove(late.objects[0])
	w.remove(all[5].journal)
	w.remove(all[140].journal)
	w.fine(middle)
	w.remove(inside.objects[0])
	w.only(w.verify(middle), Missing, inside.objects[0])
	w.remove(all[100].journal)
	if r := w.verify(middle); !has(r.Problems, Gap, "(199, 200]") || !has(r.Problems, Orphan, all[100].objects[0]) {
		t.Errorf("got %s", texts(r.Problems))
	}
	since := func(o *Options) { o.From = noon.Add(175 * minute) }
	if s := verdict(w.fine(since), "a"); s.Verdict != Fine || !strings.HasSuffix(s.Proved, "to its checkpoint") {
		t.Errorf("got %+v", s)
	}
	w.remove(all[179].journal)
	if r := w.verify(since); !has(r.Problems, Gap, "its checkpoint is 279") {
		t.Errorf("got %s", texts(r.Problems))
	}
	empty := w.fine(func(o *Options) { o.From = noon.Add(500 * minute) })
	if empty.Journals != 0 || len(empty.Shards) != 0 {
		t.Errorf("got %+v", empty)
	}
}

// TestJournalsExpire: what lies before the oldest journal can not be proved, and is no accusation.
func TestJournalsExpire(t *testing.T) {
	w := newTale(t)
	old := w.batch(2, span("a", start, "10"), span("gone", start, "9"))
	w.now = w.now.Add(24 * time.Hour)
	w.batch(1, span("a", "10", "20"))
	w.now = w.now.Add(2 * margin)
	w.batch(1, span("a", "20", "30"))
	w.row("a", "30")
	w.row("gone", sink.ShardEnd)
	w.row("kcl", "77")
	w.remove(old.journal)
	r := w.fine(nil)
	if s := verdict(r, "a"); s.Verdict != Partly || s.Proved != "from 10, where the journals begin, to its checkpoint" || !has(r.Notes, Unproved, "2 objects of this application that no journal lists") {
		t.Errorf("got %+v %s", s, texts(r.Notes))
	}
	for shard, proved := range map[string]string{"gone": "ended; no journal is left, or it had no records", "kcl": "no journal is left of what was delivered up to its checkpoint"} {
		if s := verdict(r, shard); s.Verdict != Partly || s.Proved != proved {
			t.Errorf("got %+v", s)
		}
	}
}

func TestRetentionGapIsNeverFine(t *testing.T) {
	w := newTale(t)
	gap := span("a", start, "10")
	gap.Gaps = []sink.Gap{{From: noon, To: noon.Add(time.Hour)}}
	w.batch(0, gap)
	w.batch(1, span("a", "10", "20"), span("b", start, "20"))
	w.row("a", "20")
	w.row("b", "20")
	r := w.verify(nil)
	w.only(r, Loss, "shard a", "2026-01-31 12:00:00 UTC to 2026-01-31 13:00:00 UTC")
	if a, b := verdict(r, "a"), verdict(r, "b"); a.Verdict != MaybeGap || b.Verdict != Fine {
		t.Errorf("got %+v %+v", a, b)
	}
}

// TestRestOfAnAggregate: after a takeover from another KCL application a range may hold records and stand still, once.
func TestRestOfAnAggregate(t *testing.T) {
	w := newTale(t)
	w.batch(1, span("a", "10", "10"))
	w.batch(1, span("a", "10", "20"))
	w.row("a", "20")
	w.fine(nil)
	w.batch(1, span("a", "10", "10"))
	if r := w.verify(nil); !has(r.Problems, Overlap, "records at 10") {
		t.Errorf("got %s", texts(r.Problems))
	}
}

// TestWithoutTableOrStream proves what can be proved, and says what could not.
func TestWithoutTableOrStream(t *testing.T) {
	w := newTale(t)
	w.batch(1, span("a", start, "10"))
	w.batch(1, span("a", "10", "20"))
	no := func(o *Options) {
		o.Parents = func(context.Context) (map[string][]string, error) { return nil, errors.New("no such stream") }
	}
	r := w.fine(func(o *Options) { no(o); o.Table = nil })
	if s := verdict(r, "a"); s.Verdict != Partly || s.Proved != "from its beginning to the newest journal" || !has(r.Notes, Unproved, "no such stream") {
		t.Errorf("got %+v %s", s, texts(r.Notes))
	}
	lost := newTale(t) // its table has another name
	b := w.batch(1, span("a", "30", "40"))
	r = w.verify(func(o *Options) { no(o); o.Table = lost.table })
	if s := verdict(r, "a"); !has(r.Problems, Gap, "(20, 30]", b.id) || s.Verdict != Wrong {
		t.Errorf("got %s", texts(r.Problems))
	}
}

// TestTwoApplicationsShareABucket, and even the prefixes.
func TestTwoApplicationsShareABucket(t *testing.T) {
	w := newTale(t)
	b := w.batch(2, span("a", start, "10"))
	w.row("a", "10")
	for _, key := range append(b.objects, b.journal) { // the other one has its own batches
		o := w.get(key)
		other := strings.ReplaceAll(strings.ReplaceAll(key, "/test-", "/my-test-"), b.id, w.id(77))
		o.key, o.data = other, bytes.ReplaceAll(o.data, []byte(b.id), []byte(w.id(77)))
		if o.meta != nil {
			o.meta = map[string]string{"standpipe-batch": w.id(77)}
		}
		w.put(o)
	}
	r := w.fine(nil)
	if r.Journals != 1 || r.Foreign != 2 || !has(r.Notes, Foreign, "my-test-") {
		t.Errorf("got %+v", r)
	}
}

// TestPrefixWasChanged: objects are where their journals say.
func TestPrefixWasChanged(t *testing.T) {
	w := newTale(t)
	w.prefix = "before/"
	b := w.batch(1, span("a", start, "10"))
	w.prefix = "clicks/"
	w.batch(1, span("a", "10", "20"))
	w.row("a", "20")
	if r := w.fine(nil); r.Objects != 2 {
		t.Errorf("got %+v", r)
	}
	w.remove(b.objects[0])
	w.only(w.verify(nil), Missing, "before/")
}

// TestDamagedJournals: whatever lies there, it is named, and nothing ends the proof.
func TestDamagedJournals(t *testing.T) {
	good := func(b *told) { b.made.Header.Cut = b.made.Header.Cut.UTC() }
	for name, damage := range map[string]func(*told){
		"no shards":        func(b *told) { b.made.Shards, b.made.Header.Shards = nil, 0 },
		"shard twice":      func(b *told) { b.made.Shards[1].Shard = "a" },
		"no name":          func(b *told) { b.made.Shards[0].Shard = "" },
		"no position":      func(b *told) { b.made.Shards[0].Through = "x" },
		"huge position":    func(b *told) { b.made.Shards[0].Through = strings.Repeat("9", 1<<20) },
		"backwards":        func(b *told) { b.made.Shards[0].After, b.made.Shards[0].Through = "20", "10" },
		"behind the end":   func(b *told) { b.made.Shards[0].After = sink.ShardEnd },
		"negative records": func(b *told) { b.made.Shards[0].Records = -1 },
		"negative size":    func(b *told) { b.made.Objects[0].Size = -1 },
		"parts do not fit": func(b *told) { b.made.Objects[0].Parts[0].Size-- },
		"parts unnumbered": func(b *told) { b.made.Objects[0].Parts[0].Number = 7 },
		"no parts":         func(b *told) { b.made.Objects[0].Parts = nil },
		"no key":           func(b *told) { b.made.Objects[0].Key = "" },
		"long key":         func(b *told) { b.made.Objects[0].Key = strings.Repeat("k", 5000) },
		"other batch":      func(b *told) { b.made.Header.Batch = "x" },
		"newer version":    func(b *told) { b.made.Header.Version = 9 },
		"never cut":        func(b *told) { b.made.Header.Cut = time.Time{} },
		"too many shards":  func(b *told) { b.made.Header.Shards = 1 << 40 },
		"object twice":     func(b *told) { b.made.Objects[1] = b.made.Objects[0] },
	} {
		t.Run(name, func(t *testing.T) {
			w := newTale(t)
			b := w.batch(2, span("a", start, "10"), span("b", start, "10"))
			good(b)
			w.row("a", "10")
			w.row("b", "10")
			w.fine(nil)
			damage(b)
			w.write(b)
			r := w.verify(deep)
			if !has(r.Problems, Damaged, b.journal) {
				t.Errorf("got %s", texts(r.Problems))
			}
			for _, p := range r.Problems {
				if len(p.Text) > 2000 {
					t.Errorf("%d bytes of text", len(p.Text))
				}
			}
		})
	}
	for name, text := range map[string]string{"empty": "", "HTML": "<html>", "deep": strings.Repeat("[", 1<<20), "a null": "null\nnull\n"} {
		t.Run(name, func(t *testing.T) {
			w := newTale(t)
			b := w.batch(1, span("a", start, "10"))
			w.put(object{b.journal, []byte(text), nil})
			if r := w.verify(deep); !has(r.Problems, Damaged, b.journal) {
				t.Errorf("got %s", texts(r.Problems))
			}
		})
	}
}

// TestHugeJournalIsNotRead: memory stays bounded whatever somebody puts there.
func TestHugeJournalIsNotRead(t *testing.T) {
	w := newTale(t)
	b := w.batch(1, span("a", start, "10"))
	r := w.verify(func(o *Options) {
		o.Store = inflated{o.Store}
	})
	if !has(r.Problems, Damaged, b.journal, "more than a batch can need") {
		t.Errorf("got %s", texts(r.Problems))
	}
}

// TestLinesAreCounted: a journal may lie about lines and bytes although the checksums hold.
func TestLinesAreCounted(t *testing.T) {
	for name, change := range map[string]func(*sink.JournalObject){
		"records": func(o *sink.JournalObject) { o.Records = 4 },
		"bytes":   func(o *sink.JournalObject) { o.Raw = 8 },
		"lines":   func(o *sink.JournalObject) { o.Lines = 2 },
		"codec":   func(o *sink.JournalObject) { o.Codec = "gzip" },
		"unknown": func(o *sink.JournalObject) { o.Codec = "rot13" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newTale(t)
			b := w.batch(1, span("a", start, "10"))
			w.row("a", "10")
			w.fine(deep)
			change(&b.made.Objects[0])
			w.write(b)
			w.only(w.verify(deep), Content, b.objects[0])
		})
	}
	w := newTale(t)
	b := w.batch(1, span("a", start, "10"))
	w.row("a", "10")
	b.made.Objects[0].Format = "avro"
	w.write(b)
	if r := w.fine(deep); !has(r.Notes, Unproved, "format avro") {
		t.Errorf("got %s", texts(r.Notes))
	}
	b.made.Objects[0].Parts[0].CRC32 = "AAAAAA=="
	w.write(b)
	w.only(w.verify(deep), Content, "CRC-32 of part 1 of 1")
}

// TestRawObjectsAreMeasured: what has no lines is compared by its bytes and line ends; its records can not be told.
func TestRawObjectsAreMeasured(t *testing.T) {
	for name, c := range map[string]struct {
		lines, more int64
		wrong       bool
	}{"as written": {3, 0, false}, "another line end": {2, 0, true}, "no line end": {0, 0, true}, "another length": {3, 1, true}} {
		w := newTale(t)
		b := w.batch(1, span("a", start, "10"))
		w.row("a", "10")
		o := &b.made.Objects[0]
		o.Format, o.Records, o.Lines, o.Raw = "raw", 7, c.lines, o.Raw+c.more
		w.write(b)
		if r := w.verify(deep); !c.wrong && (!r.OK || len(r.Notes) > 0) {
			t.Errorf("%s: %s%s", name, texts(r.Problems), texts(r.Notes))
		} else if c.wrong {
			w.only(r, Content, b.objects[0])
		}
	}
}

// TestManyBatches proves batches of two shards and three objects each. VERIFY_BATCHES says how many; with -v it prints how
// long that took, on the S3 of this process.
func TestManyBatches(t *testing.T) {
	n := 300
	if s := os.Getenv("VERIFY_BATCHES"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	w := newTale(t)
	at := [2]string{start, start}
	for i := range n {
		next := strconv.Itoa(1_000_000 + i)
		w.batch(3, span("a", at[0], next), span("b", at[1], next))
		at = [2]string{next, next}
	}
	w.row("a", at[0])
	w.row("b", at[1])
	for _, set := range []func(*Options){nil, deep} {
		began := time.Now()
		r := w.fine(set)
		if r.Journals != n || r.Objects != 3*n || verdict(r, "a").Ranges != n || verdict(r, "a").Verdict != Fine {
			t.Errorf("got %+v", r)
		}
		t.Logf("%d batches, %d objects, deep %v: %v", r.Journals, r.Objects, r.Deep, time.Since(began))
	}
}
