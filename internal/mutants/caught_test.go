package mutants

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

type stage struct {
	name string
	args []string
	env  []string
}

// stages are what a mutant has to get through, the quickest first.
func stages(m Mutant) []stage {
	rest := []stage{
		{"simulation", []string{"-test.run=^TestSimulation$"}, []string{"STANDPIPE_SEEDS=100"}},
		{"stories", []string{"-test.skip=^TestSimulation$"}, nil},
		{"long simulation", []string{"-test.run=^TestSimulation$"}, []string{"STANDPIPE_SEEDS=400", "STANDPIPE_FIRST=101"}},
	}
	if m.Killer == "" {
		return rest
	}
	return append([]stage{{"its test", []string{"-test.run=" + m.Killer}, nil}}, rest...)
}

// TestMutantsAreCaught runs the end-to-end tests with each mutant until the first failure. It takes minutes and so has
// to be asked for: STANDPIPE_MUTANTS is "all", "rules" for one mutant of each rule, or a part of the names of those
// wanted, which may then be such as something else guards too.
func TestMutantsAreCaught(t *testing.T) {
	wanted := os.Getenv("STANDPIPE_MUTANTS")
	if wanted == "" {
		t.Skip("make mutants runs this; it takes minutes")
	}
	chosen := choose(wanted)
	if len(chosen) == 0 {
		t.Fatalf("no mutant is called %q", wanted)
	}
	bin := build(t)
	turns := make(chan struct{}, max(1, runtime.GOMAXPROCS(0)))
	var wg sync.WaitGroup
	var mu sync.Mutex
	caught := 0
	began := time.Now()
	for _, m := range chosen {
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			verdict, ok := challenge(t.Context(), bin, m)
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(os.Stderr, "%s: %s\n", m.Name, verdict)
			if ok {
				caught++
			} else {
				t.Errorf("mutant %q: %s; %s", m.Name, verdict, m.Why)
			}
		})
	}
	wg.Wait()
	t.Logf("%d of %d mutants caught in %v", caught, len(chosen), time.Since(began).Round(time.Second))
}

// build compiles the end-to-end tests with all mutants in them.
func build(t *testing.T) string {
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	changed, err := Combine(top, All())
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := Overlay(top, dir, changed)
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "endtoend.test")
	if out, err := command(t.Context(), top, nil, "go", "test", "-c", "-ldflags=-s -w", "-overlay", overlay, "-o", bin, "./internal/endtoend"); err != nil {
		t.Fatalf("compile the mutants: %v\n%s", err, out)
	}
	return bin
}

// choose leaves out those that something else guards as well, unless they are asked for by name.
func choose(wanted string) (chosen []Mutant) {
	rules := map[int]bool{}
	for _, m := range All() {
		switch wanted {
		case "all":
			if m.Guarded != "" {
				continue
			}
		case "rules":
			if m.Guarded != "" || m.Rule == 0 || rules[m.Rule] {
				continue
			}
			rules[m.Rule] = true
		default:
			if !strings.Contains(m.Name, wanted) {
				continue
			}
		}
		chosen = append(chosen, m)
	}
	return chosen
}

// challenge says what became of a mutant, and whether it was caught.
func challenge(ctx context.Context, bin string, m Mutant) (string, bool) {
	began := time.Now()
	for _, s := range stages(m) {
		args := append([]string{"-test.failfast", "-test.timeout=20m"}, s.args...)
		out, err := command(ctx, filepath.FromSlash(root+"/internal/endtoend"), append(s.env, "GOMAXPROCS=1", Variable+"="+m.Name), bin, args...)
		took := time.Since(began).Round(100 * time.Millisecond)
		var failed *exec.ExitError
		switch {
		case bytes.Contains(out, []byte("panic: test timed out")):
			return fmt.Sprintf("no end of %s after %v", s.name, took), false
		case errors.As(err, &failed):
			return fmt.Sprintf("caught by %s after %v: %s", s.name, took, firstFailure(out)), true
		case err != nil:
			return err.Error(), false
		}
	}
	return fmt.Sprintf("SURVIVED for %v", time.Since(began).Round(time.Second)), false
}

func command(ctx context.Context, dir string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.Bytes(), err
}

var (
	failedTest = regexp.MustCompile(`--- FAIL: (\S+/\S+)`)
	message    = regexp.MustCompile(`(?m)^\s+\w+_test\.go:\d+: (.*)$|^panic: (.*)$`)
)

// firstFailure finds which test failed and its first words in a test binary's output.
func firstFailure(out []byte) string {
	var words []string
	for _, m := range failedTest.FindAllSubmatch(out, -1) {
		words = []string{string(m[1])} // the last one is the innermost
	}
	if m := message.FindSubmatch(out); m != nil {
		words = append(words, strconv.Quote(string(append(m[1], m[2]...))))
	}
	if len(words) == 0 {
		return string(out)
	}
	return strings.Join(words, " ")
}
