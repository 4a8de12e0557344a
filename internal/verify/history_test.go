package verify

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/endtoend"
	"standpipe/sink"
)

// history lets real workers carry records through splits, merges, kills and stops.
func history(t *testing.T, random *rand.Rand) *endtoend.World {
	w := endtoend.New(t, 1+random.IntN(3))
	set := endtoend.Settings{Outputs: []*sink.Output{
		w.Output("raw", "clicks/!{timestamp:yyyy/MM/dd/HH}/", []string{"gzip", "zstd", "snappy"}[random.IntN(3)]),
		w.Output("plain", "plain/", []string{"none", "zip", "hadoop_snappy"}[random.IntN(3)]),
	}, Size: []int64{700, 128 << 20}[random.IntN(2)]}
	live := []*endtoend.Worker{w.Start(set)}
	for range 8 {
		w.Put(1 + random.IntN(60))
		_, _, err := w.Kinesis.Put(endtoend.Stream, "x", []byte("no JSON"))
		if err != nil {
			t.Fatal(err)
		}
		shards, err := w.Kinesis.Shards(endtoend.Stream)
		if err != nil {
			t.Fatal(err)
		}
		one, other := shards[random.IntN(len(shards))].ID, shards[random.IntN(len(shards))].ID
		switch random.IntN(5) {
		case 0:
			_, _, _ = w.Kinesis.Split(endtoend.Stream, one) // refused where the shard is closed
		case 1:
			_, _ = w.Kinesis.Merge(endtoend.Stream, one, other)
		case 2:
			live = append(live, w.Start(set))
		case 3:
			live[0].Kill()
			live = append(live[1:], w.Start(set))
		}
		time.Sleep(time.Duration(random.IntN(9000)) * time.Millisecond)
	}
	w.Exactly(10*minute, "clicks/", "plain/")
	time.Sleep(minute)
	for _, wk := range live {
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// TestOneDamageToARandomHistoryIsNamed lets the real sink make histories, which must be found sound, and does one thing at a
// time to each, which must be named. VERIFY_SEEDS sets how many histories, VERIFY_FIRST the first one's seed.
func TestOneDamageToARandomHistoryIsNamed(t *testing.T) {
	seeds, first := 4, 1
	if s := os.Getenv("VERIFY_SEEDS"); s != "" {
		seeds, _ = strconv.Atoi(s)
	}
	if s := os.Getenv("VERIFY_FIRST"); s != "" {
		first, _ = strconv.Atoi(s)
	}
	for seed := first; seed < first+seeds; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(uint64(seed), 3))
				l := of(t, history(t, random))
				report := l.fine(deep)
				for _, s := range report.Shards {
					if s.Verdict != Fine && s.Ranges > 0 {
						t.Errorf("shard %s: %s, %s", s.Shard, s.Verdict, s.Proved)
					}
				}
				if report.Objects == 0 || report.Lines == 0 || report.Journals == 0 || report.InFlight != 0 {
					t.Fatalf("looked at nothing: %+v", report)
				}
				for name, damage := range damages {
					undo := damage(t, l, random)
					if t.Failed() {
						t.Fatalf("%s was not named", name)
					}
					undo()
				}
				l.fine(deep)
			})
		})
	}
}

func pick(random *rand.Rand, from []string) string { return from[random.IntN(len(from))] }

// objects are the keys of data and errors.
func (l *lab) objects() []string {
	return append(l.keys("clicks/"), append(l.keys("plain/"), l.keys("errors/")...)...)
}

func (l *lab) journalOf(key string) (ref string, j *sink.Journal) {
	l.t.Helper()
	id := newNaming("test").mustBatch(key)
	for _, k := range l.keys(journals) {
		if strings.Contains(k, id) {
			j, err := sink.DecodeJournal(l.get(k).data, id)
			l.must(err)
			return k, j
		}
	}
	l.t.Fatalf("no journal of %s", key)
	return "", nil
}

func (n *naming) mustBatch(key string) string {
	id, ok := n.ofObject(key)
	if !ok {
		panic(key)
	}
	return id
}

// damages do one thing to a sound history, see that it is named, and give what takes it back.
var damages = map[string]func(*testing.T, *lab, *rand.Rand) func(){
	"object deleted": func(t *testing.T, l *lab, random *rand.Rand) func() {
		o := l.get(pick(random, l.objects()))
		_, j := l.journalOf(o.key)
		l.remove(o.key)
		r := l.verify(nil)
		l.only(r, Missing, o.key, "is not there", j.Shards[0].Shard)
		l.only(l.verify(deep), Missing, o.key)
		for _, s := range r.Shards {
			held := slices.ContainsFunc(j.Shards, func(h sink.JournalShard) bool { return h.Shard == s.Shard })
			if (s.Verdict == Wrong) != held {
				t.Errorf("shard %s: %s, in the batch: %v", s.Shard, s.Verdict, held)
			}
		}
		return func() { l.put(o) }
	},
	"object truncated": func(_ *testing.T, l *lab, random *rand.Rand) func() {
		o := l.get(pick(random, l.objects()))
		l.put(object{o.key, o.data[:random.IntN(len(o.data))], o.meta})
		l.only(l.verify(nil), Size, o.key)
		l.only(l.verify(deep), Size, o.key)
		return func() { l.put(o) }
	},
	"object changed": func(t *testing.T, l *lab, random *rand.Rand) func() {
		o := l.get(pick(random, l.objects()))
		changed := bytes.Clone(o.data)
		changed[random.IntN(len(changed))] ^= 1 << random.IntN(8)
		l.put(object{o.key, changed, o.meta})
		if r := l.verify(nil); !r.OK {
			t.Error("the content is looked at without --deep")
		}
		l.only(l.verify(deep), Content, o.key, "CRC-32")
		return func() { l.put(o) }
	},
	"object copied under a name of ours": func(_ *testing.T, l *lab, random *rand.Rand) func() {
		o := l.get(pick(random, l.objects()))
		o.key = "clicks/copies/" + o.key[strings.LastIndex(o.key, "/")+1:]
		o.meta = nil
		l.put(o)
		l.only(l.verify(nil), Doubled, o.key)
		return func() { l.remove(o.key) }
	},
	"object copied under a foreign name": func(_ *testing.T, l *lab, random *rand.Rand) func() {
		o := l.get(pick(random, l.objects()))
		o.key = "clicks/copy.gz"
		l.put(o)
		l.only(l.verify(nil), Doubled, o.key, "copy")
		return func() { l.remove(o.key) }
	},
	"object of a batch without a journal": func(_ *testing.T, l *lab, random *rand.Rand) func() {
		o := l.get(pick(random, l.objects()))
		o.key = strings.ReplaceAll(o.key, newNaming("test").mustBatch(o.key), "01234567-89ab-cdef-0123-456789abcdef")
		l.put(o)
		l.only(l.verify(nil), Orphan, o.key)
		return func() { l.remove(o.key) }
	},
	"journal deleted": func(t *testing.T, l *lab, random *rand.Rand) func() {
		o := l.get(pick(random, l.keys(journals)))
		l.remove(o.key)
		r := l.verify(nil)
		id := strings.TrimSuffix(o.key[len(o.key)-43:], ".ndjson")
		j, err := sink.DecodeJournal(o.data, id)
		l.must(err)
		for _, s := range j.Shards {
			// At the front of a chain it can not be told from one that a lifecycle rule removed, at the end from a bare end.
			if !isStart(s.After) && s.Through != sink.ShardEnd && !has(r.Problems, Gap, s.Shard, s.After, s.Through) {
				t.Errorf("no gap of %s %s %s in %s", s.Shard, s.After, s.Through, texts(r.Problems))
			}
			for _, out := range r.Shards {
				if out.Shard == s.Shard && isStart(s.After) && out.Verdict == Fine && s.Through != sink.ShardEnd {
					t.Errorf("shard %s is found sound without its first journal", s.Shard)
				}
			}
		}
		return func() { l.put(o) }
	},
	"journal cut short": func(_ *testing.T, l *lab, random *rand.Rand) func() {
		o := l.get(pick(random, l.keys(journals)))
		l.put(object{o.key, o.data[:random.IntN(len(o.data)-1)], o.meta})
		if r := l.verify(nil); !has(r.Problems, Damaged, o.key) {
			l.t.Errorf("not named: %s", texts(r.Problems))
		}
		return func() { l.put(o) }
	},
	"journal doubled under another batch": func(_ *testing.T, l *lab, random *rand.Rand) func() {
		o := l.get(pick(random, l.keys(journals)))
		id := strings.TrimSuffix(o.key[len(o.key)-43:], ".ndjson")
		j, err := sink.DecodeJournal(o.data, id)
		l.must(err)
		const other = "01234567-89ab-cdef-0123-456789abcdef"
		twin := object{strings.ReplaceAll(o.key, id, other), bytes.ReplaceAll(o.data, []byte(id), []byte(other)), nil}
		l.put(twin)
		r := l.verify(nil)
		for _, s := range j.Shards {
			if !has(r.Problems, Overlap, s.Shard, s.After, s.Through) {
				l.t.Errorf("no overlap of %s %s %s in %s", s.Shard, s.After, s.Through, texts(r.Problems))
			}
		}
		return func() { l.remove(twin.key) }
	},
	"foreign object": func(t *testing.T, l *lab, random *rand.Rand) func() {
		o := object{"clicks/2026/11/22/22/delivery-1-2026-11-22-22-15-08-01a20553-d0dc-765d-a5cc-407b89977146.gz", []byte("x"), nil}
		l.put(o)
		r := l.fine(nil)
		if r.Foreign != 1 || !has(r.Notes, Foreign, o.key) {
			t.Errorf("not noted: %s", texts(r.Notes))
		}
		l.only(l.verify(func(o *Options) { o.Strict = true }), Foreign, o.key)
		return func() { l.remove(o.key) }
	},
}
