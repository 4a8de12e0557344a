package steps

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"standpipe/sink"
)

func newSplit(t testing.TB, by, delimiter string, limit int64) Each {
	t.Helper()
	s, err := NewSplit("split", by, delimiter, limit)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSplit(t *testing.T) {
	const none = "" // a piece that the chain drops
	for _, c := range []struct {
		by, delimiter, data string
		want                []string
	}{
		{"json", "", `{"a":1}{"b": 2.0}`, []string{`{"a":1}`, `{"b": 2.0}`}},
		{"json", "", "{\"a\":1}\n{\"b\":2}\r\n", []string{`{"a":1}`, `{"b":2}`}},
		{"json", "", "\ufeff {\n \"a\" : [ 1 ] } [2,\n3] \"x\"\"\\u00e9\" 4 null", []string{"{\n \"a\" : [ 1 ] }", "[2,\n3]", `"x"`, `"\u00e9"`, "4", "null"}},
		{"json", "", " {\"a\":1}\n", []string{`{"a":1}`}},
		{"json", "", `{"a":1}`, []string{`{"a":1}`}},
		{"array", "", `[{"a":1},{"b":2}]`, []string{`{"a":1}`, `{"b":2}`}},
		{"array", "", " [ [1, 2] ,\n\"x\", 3.0 ,{ } ] \n", []string{"[1, 2]", `"x"`, "3.0", "{ }"}},
		{"array", "", "\ufeff[1,2]", []string{"1", "2"}},
		{"array", "", ` [{"a":1}]`, []string{`{"a":1}`}},
		{"array", "", "[]", nil},
		{"array", "", "[ \n]\n", nil},
		{"array", "", `{"a":[1,2]}`, []string{`{"a":[1,2]}`}},
		{"array", "", " no json\n", []string{" no json\n"}},
		{"array", "", `{"a":1}[2]`, []string{`{"a":1}[2]`}},
		{"delimiter", "####", "a####b##c####", []string{"a", "b##c"}},
		{"delimiter", "####", "a####b#####c", []string{"a", "b", "#c"}},
		{"delimiter", "\n", "a\n\nb\n \n\n", []string{"a", none, "b", none, none}},
		{"delimiter", "|", "|a|b", []string{none, "a", "b"}},
		{"delimiter", "|", " a | b ", []string{" a ", " b "}},
		{"delimiter", "|", "a", []string{"a"}},
		{"delimiter", "|", "a|", []string{"a"}},
		{"delimiter", "|", "|", []string{none}},
		{"delimiter", "|", "", nil},
		{"delimiter", "\x00\xff", "\xfe\x00\xff\x00\x00\xff\x01", []string{"\xfe", "\x00", "\x01"}},
	} {
		name := fmt.Sprintf("%s %s of %q", c.by, c.delimiter, c.data)
		texts := 0
		var want []result
		for _, w := range c.want {
			if w != none {
				texts++
			} else {
				want = append(want, result{after: "split"}) // these come first
			}
		}
		for _, w := range c.want {
			switch {
			case w == none:
			case texts == 1:
				want = append(want, result{data: w, raw: c.data})
			default:
				want = append(want, result{data: w, raw: w, after: "split"})
			}
		}
		expect(t, name, done(newSplit(t, c.by, c.delimiter, mebibyte), []byte(c.data)), want...)
	}
}

func TestSplitRefuses(t *testing.T) {
	hundreds := strings.Repeat("1 ", 500)
	for _, c := range []struct {
		by, delimiter, data, want string
	}{
		{"json", "", "", "no JSON value at byte 0"},
		{"json", "", "\ufeff \n", "no JSON value at byte 5"},
		{"json", "", "text", "unexpected character instead of a value at byte 0"},
		{"json", "", `{"a":1}{"b":2`, "unexpected end inside an object or array at byte 13"},
		{"json", "", `{"a":1},{"b":2}`, "unexpected character instead of a value at byte 7"},
		{"json", "", `{"a":1}{"b":01}`, "leading zero in a number at byte 12"},
		{"json", "", `1 truefalse`, "unexpected character after a number or literal at byte 6"},
		{"array", "", "", "no JSON value at byte 0"},
		{"array", "", " [1,2", "unexpected end inside an object or array at byte 5"},
		{"array", "", `[1,{"a":1]`, "unexpected character instead of , or } in an object at byte 9"},
		{"array", "", `[1,]`, "unexpected character instead of a value at byte 3"},
		{"array", "", `[1 2]`, "unexpected character instead of , or ] in an array at byte 3"},
		{"array", "", `[1,2][3]`, "unexpected character after the array at byte 5"},
		{"array", "", `[`, "unexpected end of a value at byte 1"},
		{"json", "", hundreds, "its pieces, with 100 bytes more for each, are larger than max_bytes, which is 20000"},
		{"array", "", "[" + strings.Repeat("1,", 499) + "1]", "its pieces, with 100 bytes more for each, are larger than max_bytes, which is 20000"},
		{"delimiter", " ", hundreds, "its pieces, with 100 bytes more for each, are larger than max_bytes, which is 20000"},
	} {
		expect(t, fmt.Sprintf("%s of %q", c.by, c.data), done(newSplit(t, c.by, c.delimiter, 20_000), []byte(c.data)),
			result{data: c.data, failure: "processing-failed|Standpipe.Split|" + c.want + "|split"})
	}
}

func TestSplitRefusesToBeMade(t *testing.T) {
	for _, c := range []struct{ by, delimiter, want string }{
		{"delimiter", "", "needs a delimiter"},
		{"lines", "", `must be json, array or delimiter, not "lines"`},
	} {
		if _, err := NewSplit("split", c.by, c.delimiter, 1); err == nil || err.Error() != c.want {
			t.Errorf("split by %s: got %v", c.by, err)
		}
	}
}

func TestSplitInAChain(t *testing.T) {
	reg := prometheus.NewRegistry()
	array, err := NewSplit("split-2", "array", "", mebibyte)
	if err != nil {
		t.Fatal(err)
	}
	c := NewChain([]Step{newSplit(t, "json", "", mebibyte), array}, sink.NewMemory(1), reg)
	out, free, err := c.Run(t.Context(), "s", records(`[1,2][3]`, `[4,5]`, `{"a":`, `[]`, `6 [7]`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for rec := range out {
		got = append(got, fmt.Sprintf("%d.%d %s raw %s after %q failed %v", rec.SubSequence, rec.Part, rec.Data, rec.Raw, rec.RawAfter, rec.Failure != nil))
	}
	free()
	want := []string{
		`0.0 1 raw 1 after "split-2" failed false`, `0.1 2 raw 2 after "split-2" failed false`, `0.2 3 raw [3] after "split" failed false`,
		`1.0 4 raw 4 after "split-2" failed false`, `1.1 5 raw 5 after "split-2" failed false`,
		`2.0 {"a": raw  after "" failed true`,
		`4.0 6 raw 6 after "split" failed false`, `4.1 7 raw [7] after "split" failed false`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	const metrics = `
# HELP standpipe_step_records_total Records that a step took, made of them, dropped, and sent to the error output.
# TYPE standpipe_step_records_total counter
standpipe_step_records_total{result="dropped",step="split"} 0
standpipe_step_records_total{result="dropped",step="split-2"} 1
standpipe_step_records_total{result="failed",step="split"} 1
standpipe_step_records_total{result="failed",step="split-2"} 0
standpipe_step_records_total{result="made",step="split"} 6
standpipe_step_records_total{result="made",step="split-2"} 7
standpipe_step_records_total{result="taken",step="split"} 5
standpipe_step_records_total{result="taken",step="split-2"} 6
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(metrics), "standpipe_step_records_total"); err != nil {
		t.Error(err)
	}
}

func TestSplitKeepsNothingAndEndsWhenTold(t *testing.T) {
	for _, c := range []struct{ by, delimiter, data string }{{"json", "", "1 2 3"}, {"array", "", "[1,2,3]"}, {"delimiter", ",", "1,2,3"}} {
		s := newSplit(t, c.by, c.delimiter, mebibyte)
		data := []byte(c.data)
		n := 0
		if s.Do(sink.Record{Data: data}, func(r sink.Record) bool {
			n++
			if cap(r.Data) != len(r.Data) {
				t.Errorf("%s: a piece has room for %d more", c.by, cap(r.Data)-len(r.Data))
			}
			return n < 2
		}) || n != 2 {
			t.Errorf("%s: went on for %d records after it was told to end at 2", c.by, n)
		}
		if string(data) != c.data {
			t.Errorf("%s: changed its input to %q", c.by, data)
		}
		if allocs := testing.AllocsPerRun(100, func() { s.Do(sink.Record{Data: data}, func(sink.Record) bool { return true }) }); allocs > 6 {
			t.Errorf("%s: %v allocations a record", c.by, allocs)
		}
	}
}

// Hostile records take memory by their length, and no time that grows faster than that.
func TestSplitHostile(t *testing.T) {
	size := much
	small, large := int64(5*size), int64(400*size)
	for _, c := range []struct {
		by, delimiter, data string
		limit               int64
		records             int
	}{
		{"json", "", strings.Repeat("[", size), small, 1},
		{"json", "", strings.Repeat("[", size/2) + strings.Repeat("]", size/2), small, 1},
		{"json", "", strings.Repeat("1 ", size/2), small, 1},
		{"json", "", strings.Repeat("1 ", size/2), large, size / 2},
		{"json", "", strings.Repeat("{}", size/4) + "{", small, 1},
		{"json", "", strings.Repeat(" ", size), small, 1},
		{"array", "", strings.Repeat("[", size), small, 1},
		{"array", "", "[" + strings.Repeat("1,", size/4) + "1]", large, size/4 + 1},
		{"array", "", "[" + strings.Repeat("[],", size/3), small, 1},
		{"delimiter", "|", strings.Repeat("|", size), small, size},
		{"delimiter", "|", strings.Repeat("a|", size/4), large, size / 4},
		{"delimiter", strings.Repeat("a", 99) + "b", strings.Repeat("a", size), small, 1},
	} {
		name := fmt.Sprintf("%s of %.10q with max_bytes %d", c.by, c.data, c.limit)
		s := newSplit(t, c.by, c.delimiter, c.limit)
		rec := sink.Record{Data: []byte(c.data)}
		n, failed := 0, 0
		got := allocated(func() {
			s.Do(rec, func(r sink.Record) bool {
				if n++; r.Failure != nil {
					failed++
				}
				return true
			})
		})
		if n != c.records || failed > 0 && n > 1 {
			t.Errorf("%s: %d records, %d of them refused, want %d", name, n, failed, c.records)
		}
		// One bit a level of nesting, 8 bytes for each piece that there may be, and what growing takes.
		if got > int64(size)*4/5+max(int64(60*n), small/2)+mebibyte/4 {
			t.Errorf("%s: took %d bytes", name, got)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"1 2", `{"a":1}{"b":2}`, `[1,[2],"x"]`, "a||b|", "\ufeff[1]\n", "truefalse", "[1,2][3]", " [ ] ", `"\ud800"`, "[\"\xff\"]"} {
		f.Add([]byte(seed), []byte("|"))
	}
	f.Fuzz(func(t *testing.T, data, delimiter []byte) {
		if bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) > 10_000 {
			t.Skip("deeper than encoding/json reads")
		}
		input := bytes.Clone(data)
		for _, by := range []string{"json", "array", "delimiter"} {
			if by == "delimiter" && len(delimiter) == 0 {
				continue
			}
			want, ok := referencePieces(by, data, delimiter)
			var got []string
			failed := false
			newSplit(t, by, string(delimiter), 1<<40).Do(sink.Record{Data: data}, func(r sink.Record) bool {
				failed = failed || r.Failure != nil
				if r.Failure != nil && (!bytes.Equal(r.Data, data) || r.Raw != nil) {
					t.Fatalf("%s: refused as %q, raw %q", by, r.Data, r.Raw)
				}
				if len(r.Data) > 0 {
					got = append(got, string(r.Data))
				}
				return true
			})
			if !bytes.Equal(input, data) {
				t.Fatalf("%s: changed its input", by)
			}
			if failed == ok {
				t.Fatalf("%s: failed: %v, encoding/json takes it: %v", by, failed, ok)
			}
			if ok && fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
				t.Fatalf("%s: got  %q\nwant %q", by, got, want)
			}
		}
	})
}
