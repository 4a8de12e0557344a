package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"standpipe/internal/browser"
	"standpipe/internal/faults"
)

// TestStatusPageInABrowser follows a worker through a commit and a fault of S3, as somebody does who is on call.
func TestStatusPageInABrowser(t *testing.T) {
	b := browser.Start(t)
	c := newCloud(t)
	d := start(t, c.env("STANDPIPE_BUFFER_INTERVAL=1s", "STANDPIPE_OUTPUTS_0_PREFIX=clicks/who=!{partitionKeyFromQuery:who}/", "STANDPIPE_STEPS_0_PARTITION_KEYS={who: .who}"))
	d.leased(t)
	put := func(n int) {
		t.Helper()
		if _, _, err := c.kinesis.Put("clicks", fmt.Sprint(n), fmt.Appendf(nil, `{"n":%d,"who":"<img src=x onerror=alert(%d)>"}`, n, n%3)); err != nil {
			t.Fatal(err)
		}
	}

	b.Open(d.address, browser.Desk)
	eventually(t, "show that it is well", func() bool {
		return strings.HasPrefix(b.Text("#headline"), "Well: 2 shards are read by 1 worker")
	})
	var level, title string
	b.Eval("document.body.dataset.level", &level)
	b.Eval("document.title", &title)
	if level != "well" || title != "✓ standpipe-clicks · Standpipe" {
		t.Errorf("level %s, title %s", level, title)
	}
	if got := b.Text("#commits"); got != "None yet." {
		t.Errorf("commits before the first record: %q", got)
	}

	for n := range 100 {
		put(n)
	}
	eventually(t, "show the commit, without being loaded again", func() bool { return strings.Contains(b.Text("#commits"), "interval") })
	if got := b.Text("#shards"); !strings.Contains(got, "…000000") || !strings.Contains(got, "this one") {
		t.Errorf("shards %q", got)
	}

	mend := c.s3.Control("", func(call faults.Call, _ func()) error {
		return &faults.Error{Status: 503, Code: "SlowDown", Message: "Please reduce your request rate."}
	})
	for n := range 100 {
		put(n)
	}
	eventually(t, "say what fails, in plain words", func() bool { return strings.Contains(b.Text("#findings"), " fails for ") })
	for n := range 3 {
		put(n)
	}
	eventually(t, "show the paths of the batch that fills meanwhile", func() bool { return strings.Contains(b.Text("#paths"), "onerror") })
	found := b.Text("#findings")
	for _, want := range []string{"in S3 fails for", "attempt", "S3 answers 503 SlowDown: Please reduce your request rate: it asks for fewer requests", "no record is lost by that"} {
		if !strings.Contains(found, want) {
			t.Errorf("no %q in %q", want, found)
		}
	}
	if got := b.Text("#headline"); !strings.HasPrefix(got, "Working, but watch: ") {
		t.Errorf("headline %q", got)
	}
	var images int
	if b.Eval("document.images.length", &images); images != 0 {
		t.Errorf("a path became %d images", images)
	}
	b.Picture("fault")
	mend()
	eventually(t, "show that it is well again", func() bool { return strings.HasPrefix(b.Text("#headline"), "Well: ") })

	requests, complaints := b.Seen()
	home, _ := url.Parse(d.address)
	for _, r := range requests {
		if u, err := url.Parse(r); err != nil || u.Scheme != "data" && u.Host != home.Host {
			t.Errorf("the page has asked for %s", r)
		}
	}
	if len(complaints) > 0 || !slices.Contains(requests, d.address+"/status") {
		t.Errorf("complaints %q, requests %q", complaints, requests)
	}
	d.signal()
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
	eventually(t, "say that nobody answers", func() bool { return strings.HasPrefix(b.Text("#stale"), "The worker has not answered for") })
	b.Picture("gone")
}
