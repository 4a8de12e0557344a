package statuspage

import (
	"embed"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/klauspost/compress/gzhttp"

	"standpipe/internal/status"
)

//go:embed page
var page embed.FS

// policy lets the page load its own two files, ask its own server, and show an icon that it draws itself.
// https://www.w3.org/TR/CSP3/
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// files are those of the page, by path.
var files = map[string]struct{ name, kind string }{
	"/":         {"page/page.html", "text/html; charset=utf-8"},
	"/page.css": {"page/page.css", "text/css; charset=utf-8"},
	"/page.js":  {"page/page.js", "text/javascript; charset=utf-8"},
}

// Handler answers / and /status, and the page's files. snapshot is called once for each request of /status; what it
// returned is not changed any more.
func Handler(snapshot func() *status.Snapshot) http.Handler {
	mux := http.NewServeMux()
	for path, file := range files {
		body, err := page.ReadFile(file.name)
		if err != nil {
			panic(err) // it is in the program
		}
		if path == "/" {
			path = "/{$}"
		}
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { answer(w, file.kind, body) })
	}
	var last encoded
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		body, err := last.json(snapshot())
		if err != nil {
			http.Error(w, "encode the status: "+err.Error(), http.StatusInternalServerError)
			return
		}
		answer(w, "application/json", body)
	})
	return gzhttp.GzipHandler(mux)
}

// answer sends what must be asked for again each time: the program may be another one by then.
func answer(w http.ResponseWriter, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	_, _ = w.Write(body) // the client may be gone; there is nobody else to tell
}

// encoded is the JSON of the last snapshot, which several viewers may ask for.
type encoded struct {
	mu   sync.Mutex
	of   *status.Snapshot
	body []byte
}

func (e *encoded) json(s *status.Snapshot) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.of == s {
		return e.body, nil
	}
	body, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	e.of, e.body = s, append(body, '\n')
	return e.body, nil
}
