package endtoend

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"
)

// The environment of TestCrashes: which runs to make, and the seed of the order of calls.
const (
	crashesEnv = "STANDPIPE_CRASHES" // "all": every run; a number k: every k-th; "": every k-th, k as below
	seedEnv    = "STANDPIPE_SEED"    // "" = 1
	shareEnv   = "STANDPIPE_SHARE"   // set by the test for the processes it starts: "i/n/offset"
)

// TestCrashes tells the story of a scenario once to count its calls, and then again for each call and each way
// in which it can go wrong, a new owner taking over where a worker died; and again for each call of an undo, and of
// the recovery after a crash, going wrong in turn. The Checker looks after every call that writes.
func TestCrashes(t *testing.T) {
	// What no run may be missing of, and what documents may name.
	steps := []struct {
		name string
		undo bool // the step is only reached when an upload vanishes
	}{
		{"intent", false}, {"complete journal", false}, {"read journal", false}, {"complete object", false}, {"advance", false},
		{"mark", true}, {"abort journal", true}, {"read journal", true}, {"abort object", true}, {"delete object", true}, {"delete journal", true}, {"clear", true},
	}
	faults := []string{"error before", "answer lost", "dies before", "dies after", "arrives late", "freezes before", "freezes after"}

	began := time.Now()
	seed := uint64(1)
	if s := os.Getenv(seedEnv); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	if pattern := flag.Lookup("test.run").Value.String(); strings.Contains(pattern, "/") { // somebody replays a run
		for _, c := range enumerate(t, seed, func(string, ...any) {}) {
			t.Run(c.name, func(t *testing.T) { c.run(t, seed) })
		}
		return
	}
	every := 16
	if brief() {
		every = 160
	}
	offset := int(time.Now().UnixNano() % int64(every))
	switch s := os.Getenv(crashesEnv); s {
	case "":
	case "all":
		every, offset = 1, 0
	default:
		var err error
		if every, err = strconv.Atoi(s); err != nil || every < 1 {
			t.Fatalf("%s=%s: write all, or a number k for every k-th run", crashesEnv, s)
		}
		offset %= every
	}
	if share := os.Getenv(shareEnv); share != "" {
		runShare(t, seed, share)
		return
	}
	runs := enumerate(t, seed, t.Logf)
	total := len(runs)
	for _, s := range steps {
		for _, f := range faults {
			want := regexp.MustCompile("^" + s.name + " .*/" + f + "$")
			if s.undo {
				want = regexp.MustCompile("^undo .*/" + s.name + " .*/" + f + "$")
			}
			if !slices.ContainsFunc(runs, func(c crash) bool { return want.MatchString(c.name) }) {
				t.Errorf("there is no run in which %s meets: %s", s.name, f)
			}
		}
	}
	// The random source that the library draws from belongs to the whole process, so each process makes one run at a time.
	processes := min(runtime.GOMAXPROCS(0), 8)
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for i := range processes {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestCrashes$", "-test.timeout=30m")
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d/%d/%d/%d", shareEnv, i, processes, every, offset), "GOMAXPROCS=2", "GOGC=400")
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			err := cmd.Run()
			mu.Lock()
			defer mu.Unlock()
			for line := range strings.Lines(out.String()) {
				var n int
				if _, scan := fmt.Sscanf(line, "made %d runs", &n); scan == nil {
					made += n
				}
			}
			if err != nil {
				t.Errorf("%v\n%s", err, out.String())
			}
		})
	}
	wg.Wait()
	t.Logf("%d of %d runs made (every %d., from %d; %s=all makes all) with seed %d in %v", made, total, every, offset, crashesEnv, seed, time.Since(began).Round(time.Second))
	if want := (total - offset + every - 1) / every; made != want && !t.Failed() {
		t.Errorf("%d runs were made, not %d", made, want)
	}
}

// runShare makes one process' share of the runs.
func runShare(t *testing.T, seed uint64, share string) {
	var i, n, every, offset int
	if _, err := fmt.Sscanf(share, "%d/%d/%d/%d", &i, &n, &every, &offset); err != nil {
		t.Fatal(err)
	}
	made := 0
	for k, c := range enumerate(t, seed, t.Logf) {
		if k%every != offset || k/every%n != i {
			continue
		}
		t.Run(c.name, func(t *testing.T) { c.run(t, seed) })
		made++
	}
	fmt.Printf("made %d runs\n", made)
}

// crash is one run of the enumeration.
type crash struct {
	name string
	plan []fault
}

func (c crash) run(t *testing.T, seed uint64) {
	cryptotest.SetGlobalRandom(t, seed)
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(t, seed, c.plan...)
		s.tell()
		broken := s.finish()
		undo := false
		for _, f := range c.plan {
			undo = undo || f.is == vanished
			if f.is.proof == nil {
				continue
			}
			if what := f.is.proof(s); what != "" {
				broken = append(broken, what)
			}
		}
		if !undo && s.seen["mark batch"] > 0 {
			broken = append(broken, "a batch was undone although all its uploads were there")
		}
		if len(broken) == 0 {
			return
		}
		if testing.Verbose() {
			for _, call := range s.sched.Trace() {
				t.Log(call)
			}
			t.Log(s.log.String())
		}
		t.Errorf("%s\nreplay: %s=%d go test ./internal/endtoend -run '%s' -v", strings.Join(broken[:min(len(broken), 8)], "\n"), seedEnv, seed, pattern(t.Name()))
	})
}

// pattern matches a test's name and no other's.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + p + "$"
	}
	return strings.Join(parts, "/")
}

// record tells the story with a plan and gives its calls.
func record(t *testing.T, seed uint64, plan ...fault) (calls []recorded) {
	cryptotest.SetGlobalRandom(t, seed)
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(t, seed, plan...)
		s.tell()
		for _, v := range s.finish() {
			t.Error(v)
		}
		calls = s.calls
	})
	return calls
}

// enumerate gives all runs, in the same order at every call with the same seed.
func enumerate(t *testing.T, seed uint64, logf func(string, ...any)) (runs []crash) {
	story := record(t, seed)
	places := thin(story)
	for _, r := range places {
		for _, k := range kinds {
			if k.at(r) {
				runs = append(runs, crash{fmt.Sprintf("%s/%s", label(r.place), k.name), []fault{{r.place, k}}})
			}
		}
	}
	logf("the story makes N = %d calls; %d places (of polls that are alike the first, the second and the last), %d runs with a fault at one of them", len(story), len(places), len(runs))
	single := len(runs)
	inner := 0
	for _, first := range []struct {
		name string
		at   place
		is   *kind
	}{
		{"undo after the journal vanished", firstOf(places, "complete journal", ""), vanished},
		{"undo after one of three objects vanished", firstOf(places, "complete object", "clicks"), vanished},
		{"undo after the error object vanished", firstOf(places, "complete object", "errors"), vanished},
		{"undo after an object of a later batch vanished", lastOf(places, "complete object", "clicks"), vanished},
		{"takeover of a promise", firstOf(places, "intent", ""), kindNamed("dies after")},
		{"takeover of half a batch", firstOf(places, "complete object", "plain"), kindNamed("dies after")},
	} {
		f := fault{first.at, first.is}
		for _, r := range aftermath(record(t, seed, f), f.at) {
			inner++
			then := append(kinds[:len(kinds):len(kinds)], twoResolvers)
			if f.is == vanished {
				then = append(then, undoKinds...)
			}
			for _, k := range then {
				if k == twoResolvers && f.is == vanished && r.act == "complete object" {
					continue // others see the mark and complete nothing more of this batch; undoKinds hold these calls back
				}
				if k.at(r) && k != vanished && k.name != "answer lost, then HEAD 403" {
					runs = append(runs, crash{fmt.Sprintf("%s/%s/%s", first.name, label(r.place), k.name), []fault{f, {r.place, k}}})
				}
			}
		}
	}
	logf("%d calls of undos and of recoveries after a death; %d runs with a second fault at one of them", inner, len(runs)-single)
	slices.SortStableFunc(runs, func(a, b crash) int { return strings.Compare(a.name, b.name) })
	return runs
}

// label is a place as part of a test's name.
func label(p place) string { return strings.ReplaceAll(p.String(), "/", ":") }

// thin leaves of the polls, which are alike, the first, the second and the last.
func thin(calls []recorded) (places []recorded) {
	last := map[string]int{}
	for _, r := range calls {
		last[r.act+" "+r.role] = r.n
	}
	for _, r := range calls {
		if poll := r.act == "Scan" || r.act == "heartbeat" || r.act == "ListShards"; !poll || r.n <= 2 || r.n == last[r.act+" "+r.role] {
			places = append(places, r)
		}
	}
	return places
}

func firstOf(calls []recorded, act, role string) place {
	return calls[slices.IndexFunc(calls, func(r recorded) bool { return r.act == act && strings.HasPrefix(r.role, role) })].place
}

func lastOf(calls []recorded, act, role string) place {
	calls = slices.Clone(calls)
	slices.Reverse(calls)
	return firstOf(calls, act, role)
}

func kindNamed(name string) *kind {
	return kinds[slices.IndexFunc(kinds, func(k *kind) bool { return k.name == name })]
}

// aftermath gives the calls from a fault on until the batch is decided: those that carry it out or take it back.
func aftermath(calls []recorded, at place) (out []recorded) {
	begun := false
	for _, r := range calls {
		if r.place == at {
			begun = true
			continue
		}
		if !begun {
			continue
		}
		switch {
		case r.act == "heartbeat", r.act == "Scan", r.act == "GetRecords", r.op == "CreateMultipartUpload", r.op == "UploadPart", r.act == "ListShards":
			continue
		}
		out = append(out, r)
		if r.act == "clear" || r.act == "advance" {
			break
		}
	}
	return out
}
