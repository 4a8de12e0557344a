package jq

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// peak gives the most bytes of heap in use while f runs, beyond those before.
func peak(f func()) int64 {
	before := heapInUse()
	var most atomic.Int64
	stop := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				most.Store(max(most.Load(), heapInUse()-before))
			}
		}
	})
	f()
	close(stop)
	watch.Wait()
	return max(most.Load(), heapInUse()-before)
}

// hostile are programs that a record drives wild, with what ends them.
var hostile = []struct{ program, end string }{
	// what fills memory step by step
	{`[range(.n)]`, "limit"},
	{`[limit(.n; repeat(1))]`, "limit"},
	{`def f: 1 + f; f`, "limit"},
	{`def f: [f]; f`, "limit"},
	{`[repeat("x")]`, "limit"},
	{`last(range(.n) | [range(1000)] | length | select(. < 0))`, "time"},
	{`reduce range(.n) as $i ([]; [.])`, "limit"},
	{`reduce range(.n) as $i ([]; . + [$i, $i])`, "time"},
	{`reduce range(.n) as $i (null; .["k\($i)"] = $i)`, "time"},
	{`reduce range(.n) as $i ("x"; . + .)`, "limit"},
	{`reduce range(.n) as $i ([1]; . + .)`, "limit"},
	{`reduce range(.n) as $i ("x"; "\(.)\(.)\(.)")`, "limit"},
	{`[range(.n) | {a: ., b: [.]}] | group_by(.a)`, "limit"},
	{`[.s | splits("")] | [.[], .[], .[]] | [combinations(3)]`, "limit"},
	{`path(repeat(.a))`, "limit"},
	{`.n | [recurse(. + 1)]`, "limit"},
	// what would at once
	{`"x" * .n`, "limit"},
	{`.s * .n`, "limit"},
	{`.n * .s`, "limit"},
	{`.k *= .n`, "limit"},
	{`.a[.n] = 1`, "limit"},
	{`.a[.n] |= 1`, "limit"},
	{`setpath(["a", .n]; 1)`, "limit"},
	{`getpath(["a", .n]) = 1`, "limit"},
	{`[[["a", .n], 1], [["a"]]] | fromstream(.[])`, "limit"},
	{`[.l[] | tostring] | join("x" * 100000)`, "limit"},
	{`[range(100000) | []] | .[0] = [range(100000)] | transpose`, "limit"},
	{`[limit(100000; repeat(.s))] | add`, "limit"},
	{`[limit(100000; repeat(.s))] | @csv`, "limit"},
	{`[limit(100000; repeat(.s))] | flatten | tojson`, "limit"},
	{`add(limit(100000; repeat(.s)))`, "limit"},
	{`[limit(10000; repeat(.s))]`, "limit"}, // the result
	{`repeat(.)`, "limit"},
	{`repeat(1)`, "limit"},
	{`reduce range(100) as $i (3; . * .)`, "limit"},
	{`[.s | match("."; "g")] | length`, "limit"},
	// values that hold others many times
	{`reduce range(60) as $i (1; [., .])`, "limit"},
	{`reduce range(60) as $i (1; [., .]) | tojson`, "limit"},
	{`reduce range(60) as $i (1; [., .]) | "\(.)"`, "limit"},
	{`reduce range(60) as $i (1; [., .]) | flatten`, "limit"},
	{`reduce range(60) as $i (1; [., .]) | [., .] | unique`, "limit"},
	{`reduce range(60) as $i (1; {a: ., b: .}) | . == (.a | .)`, "limit"},
	{`reduce range(60) as $i ({}; {a: ., b: .}) | . * .`, "limit"},
	{`reduce range(60) as $i (1; [., .]) | del(.[0])`, "limit"},
	{`reduce range(60) as $i (1; [., .]) | .[0] |= empty`, "limit"},
	{`reduce range(60) as $i (1; [., .]) | error`, "error"},
	{`reduce range(20000) as $i (1; [.]) | tojson`, "limit"},
	{`reduce range(20000) as $i (1; [.])`, "limit"},
	{`reduce range(200000) as $i (1; [.]) | [.] == [.]`, "limit"},
	{`reduce range(200000) as $i (1; [.]) | (.. | numbers) = 2`, "limit"},
	{`reduce range(200000) as $i (1; [.]) | (..) |= .`, "limit"},
	{`reduce range(200000) as $i (1; [.]) | walk(.)`, "limit"},
	{`reduce range(200000) as $i (1; [.]) | . as $x | [1] | .[$x]`, "limit"},
	// what takes time
	{`def f: f; f`, "time"},
	{`last(range(.n))`, "time"},
	{`[range(.n) | select(. < 0)]`, "time"},
	{`until(false; .)`, "time"},
	{`.digits | tonumber`, "limit"},
	{`.digits | fromjson`, "limit"},
	{`.s | gsub("a"; "b") | length`, "limit"},
	{`.s | index("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")`, "limit"},
	{`.s | test("(a*)*b")`, "result"},
	{`error(null)`, "error"},
	{`@base64d`, "error"},
	{`.a.b.c.d`, "result"},
	{`now | . > 0`, "result"},
	{`halt`, "result"},
}

func TestNoProgramTakesMoreThanItMay(t *testing.T) {
	limits := Limits{Bytes: 4 << 20, Memory: 8 << 20}
	input := fmt.Sprintf(`{"n":900000000,"k":"xyz","s":%q,"l":[%s1],"digits":%q}`, strings.Repeat("a", 1<<20), strings.Repeat("1,", 1000), strings.Repeat("9", 1<<20))
	doc, err := NewReader([]byte(input), 64<<20).Next()
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hostile {
		limits.Time = time.Minute
		if h.end == "time" {
			limits.Time = 50 * time.Millisecond
		}
		p, err := Compile(h.program, limits)
		if err != nil {
			t.Errorf("%s: %v", h.program, err)
			continue
		}
		began := time.Now()
		var ran error
		grown := peak(func() {
			e := p.NewEncoder()
			ran = p.Run(doc.Value, func(v any) error {
				_, err := e.JSON(doc, v)
				return err
			})
		})
		var limit *LimitError
		var late *TimeError
		got := "result"
		switch {
		case errors.As(ran, &limit):
			got = "limit"
		case errors.As(ran, &late):
			got = "time"
		case ran != nil:
			got = "error"
		}
		if h.end == "time" && time.Since(began) > 20*limits.Time {
			t.Errorf("%s: took %s", h.program, time.Since(began))
		}
		t.Logf("%-90s %-6s %6.1f MiB %5.2f s %v", h.program, got, float64(grown)/(1<<20), time.Since(began).Seconds(), ran)
		if !strings.Contains(h.end, got) {
			t.Errorf("%s: ends with %s (%v), want %s", h.program, got, ran, h.end)
		}
		if grown > 8*limits.Memory { // as much again until a collection shows what is garbage, and the record's own values
			t.Errorf("%s: the heap grew by %d MiB", h.program, grown>>20)
		}
	}
}

func TestProgramsThatTakeMuchMemoryDoSoInTurn(t *testing.T) {
	limits := Limits{Bytes: 1 << 20, Memory: 8 << 20, Time: time.Minute}
	p, err := Compile(`[range(900000000)]`, limits)
	if err != nil {
		t.Fatal(err)
	}
	const runs = 8
	grown := peak(func() {
		var all sync.WaitGroup
		for range runs {
			all.Go(func() {
				var limit *LimitError
				if err := p.Run(nil, func(any) error { return nil }); !errors.As(err, &limit) {
					t.Errorf("ends with %v", err)
				}
			})
		}
		all.Wait()
	})
	t.Logf("%d runs, %.1f MiB", runs, float64(grown)/(1<<20))
	if grown > runs*limits.Memory/2 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}
