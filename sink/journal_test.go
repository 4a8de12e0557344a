package sink

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func sampleJournal() *Journal {
	return &Journal{
		Header: JournalHeader{Batch: "0b6e", Worker: "w-1", Cause: CauseInterval, Cut: time.Date(2026, 1, 31, 12, 0, 0, 5, time.UTC)},
		Shards: []JournalShard{{"shardId-000000000000", "100", "200", 42, []Gap{{time.Unix(1, 0).UTC(), time.Unix(2, 0).UTC()}}}, {"shardId-000000000001", "TRIM_HORIZON", ShardEnd, 0, nil}},
		Objects: []JournalObject{
			{Upload: Upload{"lake", `clicks/é"<&>/x.ndjson.gz`, "id-1", []Part{{1, `"e1"`, "AAAAAA==", 5 << 20}, {2, `"e2"`, "BBBBBB==", 7}}}, Output: "raw", Path: "clicks/", Size: 5<<20 + 7, Raw: 99, Records: 40},
			{Upload: Upload{"lake", "errors/y", "id-2", nil}, Output: "errors", Path: "errors/", Size: 1, Raw: 1, Records: 2},
		},
	}
}

func TestJournalRoundTrip(t *testing.T) {
	for _, j := range []*Journal{sampleJournal(), {Header: JournalHeader{Batch: "empty"}}} {
		data := bytes.Join(j.encode(), nil)
		got, err := DecodeJournal(data, j.Header.Batch)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, j) {
			t.Errorf("got  %+v\nwant %+v", got, j)
		}
		if n := bytes.Count(data, []byte("\n")); n != 1+len(j.Shards)+len(j.Objects) || bytes.Contains(data, []byte(`\u003c`)) {
			t.Errorf("journal is\n%s", data)
		}
	}
}

// Every journal that is cut short, at whatever byte, is refused: an object that is not seen is never completed.
func TestJournalCutShort(t *testing.T) {
	data := bytes.Join(sampleJournal().encode(), nil)
	for n := range len(data) - 1 {
		if got, err := DecodeJournal(data[:n], "0b6e"); err == nil {
			t.Fatalf("the first %d of %d bytes are read as %+v", n, len(data), got)
		}
	}
}

func TestJournalOfAnotherVersion(t *testing.T) {
	data := bytes.Replace(bytes.Join(sampleJournal().encode(), nil), []byte(`"version":1`), []byte(`"version":2`), 1)
	want := `read journal of batch 0b6e: its version is 2 and this program knows 1, so a newer Standpipe wrote it: upgrade this one (see "Upgrading" in docs/operations.md)`
	if _, err := DecodeJournal(data, "0b6e"); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestJournalDamaged(t *testing.T) {
	good := string(bytes.Join(sampleJournal().encode(), nil))
	for name, data := range map[string]string{
		"empty":           "",
		"not JSON":        "<html>",
		"no version":      `{"batch":"b"}`,
		"wrong types":     strings.Replace(good, `"size":7`, `"size":"7"`, 1),
		"more than there": strings.Replace(good, `"objects":2`, `"objects":3`, 1),
		"most of all":     `{"version":1,"batch":"b","shards":9223372036854775807}`,
		"another batch's": strings.Replace(good, `"batch":"0b6e"`, `"batch":"0b6f"`, 1),
		"a broken line":   strings.Replace(good, `{"bucket":"lake","key":"errors`, `"bucket":"lake","key":"errors`, 1),
	} {
		if got, err := DecodeJournal([]byte(data), "0b6e"); err == nil {
			t.Errorf("%s: read %+v", name, got)
		}
	}
}

// Whatever a journal holds, reading it ends, and what was read is written back the same.
func FuzzJournal(f *testing.F) {
	good := bytes.Join(sampleJournal().encode(), nil)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte(`{"version":1,"shards":-1,"objects":99999999}`))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		j, err := DecodeJournal(data, "0b6e")
		if err != nil {
			return
		}
		again, err := DecodeJournal(bytes.Join(j.encode(), nil), "0b6e")
		if err != nil || len(again.Shards) != len(j.Shards) || !reflect.DeepEqual(again.Objects, j.Objects) && len(j.Objects) > 0 {
			t.Fatalf("read %+v\nthen %+v, %v", j, again, err)
		}
	})
}

// A batch without an object leaves a journal all the same when the next one's ranges begin behind what it holds.
func TestBatchesWithoutObjectsLeaveJournals(t *testing.T) {
	gap := &Gap{time.Unix(1, 0).UTC(), time.Unix(2, 0).UTC()}
	for name, tc := range map[string]struct {
		resp Response
		want int
	}{
		"bare end":          {Response{After: "0", Through: ShardEnd}, 0},
		"end behind a gap":  {Response{After: "0", Through: ShardEnd, Gap: gap}, 1},
		"all left out":      {Response{After: "0", Through: "7"}, 1},
		"all left out, end": {Response{After: "0", Through: ShardEnd}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			onBench(t, nil, func(t *testing.T, b *bench) {
				r := b.read("a")
				if err := r.Append(t.Context(), tc.resp); err != nil {
					t.Fatal(err)
				}
				b.stop()
				if at := b.at("a"); at != tc.resp.Through {
					t.Errorf("the checkpoint is %s", at)
				}
				b.store.mu.Lock()
				defer b.store.mu.Unlock()
				if n := len(b.store.objects); n != tc.want {
					t.Fatalf("%d objects, want %d", n, tc.want)
				}
				for _, o := range b.store.objects {
					j, err := DecodeJournal(o.data, o.batch)
					if err != nil {
						t.Fatal(err)
					}
					if s := j.Shards[0]; s.Shard != "a" || s.After != "0" || s.Through != tc.resp.Through || len(s.Gaps) != len(b.gapsOf(tc.resp)) {
						t.Errorf("got %+v", s)
					}
				}
			})
		})
	}
}

func (b *bench) gapsOf(resp Response) []Gap {
	if resp.Gap == nil {
		return nil
	}
	return []Gap{*resp.Gap}
}

// What is not validated may have newlines in it: the journal counts records, and lines where those are not as many.
func TestJournalCountsLines(t *testing.T) {
	onBench(t, func(o *Options) { o.Outputs[0].Validate = false }, func(t *testing.T, b *bench) {
		r := b.read("a")
		resp := b.response(r, 1, 50)
		records := slices.Collect(resp.Records)
		records[0].Data = []byte("one\ntwo\nthree")
		resp.Records = slices.Values(records)
		if err := r.Append(t.Context(), resp); err != nil {
			t.Fatal(err)
		}
		b.stop()
		b.store.mu.Lock()
		defer b.store.mu.Unlock()
		seen := 0
		for key, o := range b.store.objects {
			if !strings.HasPrefix(key, "_standpipe/") {
				continue
			}
			j, err := DecodeJournal(o.data, o.batch)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range j.Objects {
				seen++
				if o.Output == b.opts.Outputs[0].Name && (o.Records != 1 || o.Lines != 3) || o.Output != b.opts.Outputs[0].Name && o.Lines != 0 || o.Codec == "" {
					t.Errorf("got %+v", o)
				}
			}
		}
		if seen == 0 {
			t.Error("no object in any journal")
		}
	})
}

// Whatever the clock and the records say, a journal can be read again: its batch is promised by then.
func TestJournalWithTimesThatJSONCanNotSay(t *testing.T) {
	for _, at := range []time.Time{{}, time.Unix(1<<40, 0), time.Unix(-1<<40, 0), time.UnixMilli(math.MaxInt64), time.UnixMilli(math.MinInt64)} {
		j := Journal{Header: JournalHeader{Batch: "b", Cut: at}, Shards: []JournalShard{{Shard: "s", Through: "1", Gaps: []Gap{{From: at, To: at}, {To: time.Unix(7, 0).In(time.FixedZone("", 3600))}}}}}
		got, err := DecodeJournal(slices.Concat(j.encode()...), "b")
		if err != nil {
			t.Errorf("%d: %v", at.Unix(), err)
			continue
		}
		if gaps := got.Shards[0].Gaps; len(gaps) != 2 || gaps[1].To.Unix() != 7 {
			t.Errorf("%d: got %v", at.Unix(), gaps)
		}
		if given := j.Shards[0].Gaps[0].From; !given.Equal(at) {
			t.Errorf("%d: the journal given is changed to %v", at.Unix(), given)
		}
	}
}
