package statuspage

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"standpipe/internal/browser"
	"standpipe/internal/status"
)

// TestBusyApplicationInABrowser shows 99 shards and 10,000 paths to a desk, at night, and to a phone.
func TestBusyApplicationInABrowser(t *testing.T) {
	b := browser.Start(t)
	url := serve(t, sample(time.Now()))
	grounds := map[string]bool{}
	for name, view := range map[string]browser.View{"desk": browser.Desk, "night": browser.Night, "phone": browser.Phone} {
		b.Open(url, view)
		within(t, "show the paths", func() bool { return strings.Contains(b.Text("#paths-note"), "the largest 100 of 10,000") })
		b.Picture(name)
		var wide int
		if b.Eval("document.documentElement.scrollWidth", &wide); wide > view.Width {
			t.Errorf("%s: the page is %d wide, the window %d", name, wide, view.Width)
		}
		var small []string
		b.Eval(`[...document.querySelectorAll("td, th, dd, dt, li, p, span")].filter((e) => e.offsetParent && e.innerText.trim() && parseFloat(getComputedStyle(e).fontSize) < 11).map((e) => e.innerText)`, &small)
		if len(small) > 0 {
			t.Errorf("%s: too small to read: %q", name, small)
		}
		var ground string
		b.Eval("getComputedStyle(document.body).backgroundColor", &ground)
		grounds[ground] = true
		if poor := contrasts(b); len(poor) > 0 {
			t.Errorf("%s: hard to read: %q", name, poor)
		}
		if _, complaints := b.Seen(); len(complaints) > 0 {
			t.Errorf("%s: %q", name, complaints)
		}
	}
	if len(grounds) != 2 {
		t.Errorf("light and dark stand on %v", grounds)
	}
	b.Open(url, browser.Desk)
	within(t, "show shards", func() bool { return b.Text("#shards-all") == "Show all 99" })
	b.Click("#shards-all")
	within(t, "show all shards", func() bool { return strings.Contains(b.Text("#shards"), "…000098") })
	b.Hover("#charts figure:nth-of-type(2) svg")
	within(t, "say when it was", func() bool {
		var text string
		b.Eval(`document.querySelector("#charts figure:nth-of-type(2) .ends").lastChild.innerText`, &text)
		return strings.Contains(text, ":")
	})
}

// contrasts lists texts whose colour stands out too little: below 3 to 1, which WCAG 2 asks of large text and of what is
// not essential. https://www.w3.org/TR/WCAG21/#contrast-minimum
func contrasts(b *browser.Browser) (poor []string) {
	b.Eval(`(() => {
		const parse = (c) => c.match(/[\d.]+/g).map(Number);
		const light = (c) => c.slice(0, 3).map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
		const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] === 1) return c; } return [255, 255, 255]; };
		return [...document.querySelectorAll("h1, h2, small, td, th, dd, dt, li, p, span, a")].filter((e) => e.offsetParent && e.innerText.trim()).filter((e) => {
			const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
			return (a + 0.05) / (b + 0.05) < (e.closest("footer, .plot, .ends") ? 2.5 : 4.5);
		}).map((e) => e.innerText.slice(0, 40));
	})()`, &poor)
	return poor
}

// TestHostileNamesInABrowser puts markup into every text that comes from outside.
func TestHostileNamesInABrowser(t *testing.T) {
	b := browser.Start(t)
	s := sample(time.Now())
	n := 0
	evil := func() string {
		n++
		return fmt.Sprintf(`"'></td></script><img src=x onerror=alert(%d)><style>*{display:none}</style>`, n)
	}
	s.Application, s.Stream, s.Worker, s.Program = evil(), evil(), evil(), evil()
	s.Verdict = status.Verdict{Level: evil(), Headline: evil(), Findings: []status.Finding{{Level: evil(), Text: evil()}}}
	for i := range s.Shards.Shown {
		sh := &s.Shards.Shown[i]
		sh.ID, sh.State, sh.Owner, sh.Checkpoint, sh.Position = evil(), evil(), evil(), evil(), evil()
	}
	for i := range s.Workers {
		w := &s.Workers[i]
		w.ID, w.State, w.Program, w.Troubles = evil(), evil(), evil(), []status.Trouble{{Doing: evil(), Why: evil()}}
	}
	for i := range s.Batches {
		s.Batches[i].ID, s.Batches[i].Stage, s.Batches[i].Cause, s.Batches[i].Owner = evil(), evil(), evil(), evil()
	}
	for i := range s.Commits {
		s.Commits[i].Batch, s.Commits[i].Cause = evil(), evil()
	}
	for i := range s.Paths.Shown {
		s.Paths.Shown[i].Path, s.Paths.Shown[i].Output = evil(), evil()
	}
	s.Hour.Rejected, s.Hour.Retries = map[string]int64{evil(): 1, "__proto__": 3}, map[string]int64{evil(): 2}
	b.Open(serve(t, s), browser.Phone)
	within(t, "show the page", func() bool { return strings.Contains(b.Text("#paths"), "<style>") })
	var foreign int
	if b.Eval(`document.querySelectorAll("img, style, body script:not([src='page.js']), [onerror]").length`, &foreign); foreign != 0 {
		t.Errorf("%d elements came from names", foreign)
	}
	var wide int
	if b.Eval("document.documentElement.scrollWidth", &wide); wide > browser.Phone.Width {
		t.Errorf("long names make the page %d wide", wide)
	}
	if _, complaints := b.Seen(); len(complaints) > 0 {
		t.Errorf("%q", complaints)
	}
}

// within waits until ok holds, looking every tenth of a second.
func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	limit := time.After(20 * time.Second)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}
