package browser

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

// Browser is a Chromium without a window, which shows one page at a time. It is for one goroutine.
type Browser struct {
	t   testing.TB
	in  io.Writer
	out *bufio.Scanner
}

// View is how a page is looked at.
type View struct {
	Width, Height int
	Dark, Touch   bool
}

// The ways of looking at a page that tests share.
var (
	Desk  = View{Width: 1280, Height: 900}
	Night = View{Width: 1280, Height: 900, Dark: true}
	Phone = View{Width: 360, Height: 740, Touch: true}
)

// Start starts a browser that ends with the test. Without STANDPIPE_BROWSER, which is set by `make browser` to the
// browser's executable, it skips the test.
func Start(t testing.TB) *Browser {
	t.Helper()
	executable := os.Getenv("STANDPIPE_BROWSER")
	if executable == "" {
		t.Skip("NOT RUN: this test needs Chromium: run `make browser`")
	}
	_, file, _, _ := runtime.Caller(0)
	cmd := exec.CommandContext(t.Context(), "node", "browse.mjs", executable)
	cmd.Dir, cmd.Stderr = filepath.Dir(file), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Cancel, cmd.WaitDelay = in.Close, 20*time.Second // at the end of its input it ends the browser and itself
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := &Browser{t: t, in: in, out: bufio.NewScanner(out)}
	b.out.Buffer(nil, 16<<20)
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return b
}

func (b *Browser) do(command map[string]any, value any) {
	b.t.Helper()
	line, err := json.Marshal(command)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(line, '\n')); err != nil {
		b.t.Fatalf("tell the browser to %v: %v", command["do"], err)
	}
	var answer struct {
		Value json.RawMessage
		Error string
	}
	if !b.out.Scan() {
		b.t.Fatalf("the browser has ended (%v) at %s", b.out.Err(), line)
	}
	if err := json.Unmarshal(b.out.Bytes(), &answer); err != nil {
		b.t.Fatal(err)
	}
	if answer.Error != "" {
		b.t.Fatalf("%s: %s", line, answer.Error)
	}
	if value != nil {
		if err := json.Unmarshal(answer.Value, value); err != nil {
			b.t.Fatalf("%s gives %s: %v", line, answer.Value, err)
		}
	}
}

// Open shows an address.
func (b *Browser) Open(url string, v View) {
	b.t.Helper()
	b.do(map[string]any{"do": "open", "url": url, "width": v.Width, "height": v.Height, "dark": v.Dark, "touch": v.Touch}, nil)
}

// Eval evaluates an expression of JavaScript in the page, into value.
func (b *Browser) Eval(expression string, value any) {
	b.t.Helper()
	b.do(map[string]any{"do": "eval", "expression": expression}, value)
}

// Text is what people see of the first element that a selector finds; "" where none is.
func (b *Browser) Text(selector string) (text string) {
	b.t.Helper()
	b.Eval(fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector), &text)
	return text
}

// Click clicks on an element, Hover points at one.
func (b *Browser) Click(selector string) {
	b.t.Helper()
	b.do(map[string]any{"do": "click", "selector": selector}, nil)
}

// Hover points at an element.
func (b *Browser) Hover(selector string) {
	b.t.Helper()
	b.do(map[string]any{"do": "hover", "selector": selector}, nil)
}

// Seen are the addresses that the page has asked for, and what it has complained of: errors, warnings, dialogs.
func (b *Browser) Seen() (requests, complaints []string) {
	b.t.Helper()
	var seen struct{ Requests, Errors []string }
	b.do(map[string]any{"do": "seen"}, &seen)
	slices.Sort(seen.Requests)
	return slices.Compact(seen.Requests), seen.Errors
}

// Picture writes what the page looks like to the folder that STANDPIPE_PICTURES names, if it does.
func (b *Browser) Picture(name string) {
	b.t.Helper()
	if dir := os.Getenv("STANDPIPE_PICTURES"); dir != "" {
		b.do(map[string]any{"do": "shot", "file": filepath.Join(dir, name+".png")}, nil)
	}
}
