package statuspage

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"standpipe/internal/status"
)

func serve(t *testing.T, s *status.Snapshot) string {
	t.Helper()
	srv := httptest.NewServer(Handler(func() *status.Snapshot { return s }))
	t.Cleanup(srv.Close)
	return srv.URL
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestPageCarriesItsPolicy(t *testing.T) {
	url := serve(t, sample(time.Now()))
	for path, kind := range map[string]string{"/": "text/html; charset=utf-8", "/page.css": "text/css; charset=utf-8", "/page.js": "text/javascript; charset=utf-8", "/status": "application/json"} {
		resp, body := get(t, url+path)
		h := resp.Header
		if resp.StatusCode != http.StatusOK || h.Get("Content-Type") != kind || body == "" {
			t.Errorf("%s: %s, %s, %d bytes", path, resp.Status, h.Get("Content-Type"), len(body))
		}
		if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none';") || strings.Contains(csp, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
	for _, path := range []string{"/", "/status"} {
		resp, err := http.Post(url+path, "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if _ = resp.Body.Close(); resp.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %s", path, resp.Status)
		}
	}
	for _, path := range []string{"/page/page.html", "/favicon.ico", "/status/", "/..%2f"} {
		if resp, _ := get(t, url+path); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

// TestPageNeedsNothingFromElsewhere: no address of another host is in the page, and nothing that makes markup of text.
func TestPageNeedsNothingFromElsewhere(t *testing.T) {
	address := regexp.MustCompile(`(https?:)?//[a-z0-9.-]+\.[a-z]+[^\s"'` + "`" + `]*`)
	for _, file := range files {
		text, err := page.ReadFile(file.name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range address.FindAllString(string(text), -1) {
			if found != "http://www.w3.org/2000/svg" { // the name of a namespace
				t.Errorf("%s names %s", file.name, found)
			}
		}
		for _, forbidden := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "DOMParser", " style=", " onclick="} {
			if strings.Contains(string(text), forbidden) {
				t.Errorf("%s has %s", file.name, forbidden)
			}
		}
	}
}

func TestStatusIsTheSnapshot(t *testing.T) {
	want := sample(time.Now().UTC().Truncate(time.Millisecond))
	url := serve(t, want)
	_, body := get(t, url+"/status")
	var got status.Snapshot
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Form != status.Form || got.Worker != want.Worker || len(got.Shards.Shown) != 99 || len(got.Paths.Shown) != 100 || got.Paths.Open != 10_000 || len(got.History.Lag) != 360 || !got.Time.Equal(want.Time) {
		t.Errorf("got %.300s", body)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/status", nil)
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	packed, _ := io.ReadAll(resp.Body)
	if resp.Header.Get("Content-Encoding") != "gzip" || len(packed) > len(body)/3 {
		t.Errorf("%d bytes are sent as %d", len(body), len(packed))
	}
}

// TestHostileTextStaysJSON: what HTML would take for markup is escaped in JSON too.
func TestHostileTextStaysJSON(t *testing.T) {
	s := sample(time.Now())
	s.Shards.Shown[0].ID = "</script><img src=x onerror=alert(1)>\xff\u2028"
	_, body := get(t, serve(t, s)+"/status")
	if strings.ContainsAny(body, "<>&") || !json.Valid([]byte(body)) {
		t.Errorf("got %.200s", body)
	}
}
