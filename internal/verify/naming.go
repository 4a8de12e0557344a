package verify

import (
	"encoding/hex"
	"regexp"
	"strings"
	"time"
)

const (
	idForm   = `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`
	timeForm = `\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d`
	timeName = "2006-01-02-15-04-05"
	hourPath = "2006/01/02/15/"
)

// batchID is a batch's id in 16 bytes.
type batchID [16]byte

func parseID(text string) (id batchID, ok bool) {
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(b) != len(id) {
		return id, false
	}
	return batchID(b), true
}

// naming recognises names that the sink gives.
type naming struct{ journal, object *regexp.Regexp }

func newNaming(application string) *naming {
	app := regexp.QuoteMeta(application)
	return &naming{
		journal: regexp.MustCompile(`^\d{4}/\d\d/\d\d/\d\d/` + app + `-(` + timeForm + `)-(` + idForm + `)\.ndjson$`),
		object:  regexp.MustCompile(`^(?:.*[^0-9A-Za-z_.-])?` + app + `-` + timeForm + `-(` + idForm + `)-\d+(?:\.[^/]*)?$`),
	}
}

// ofJournal tells a journal's batch and when it was cut by its key behind the prefix.
func (n *naming) ofJournal(rest string) (id string, cut time.Time, ok bool) {
	m := n.journal.FindStringSubmatch(rest)
	if m == nil {
		return "", time.Time{}, false
	}
	cut, err := time.Parse(timeName, m[1])
	return m[2], cut, err == nil
}

// ofObject tells the batch of an object by its key. A prefix that ends in the middle of a word hides the application's name;
// such objects are known by their metadata.
func (n *naming) ofObject(key string) (id string, ok bool) {
	m := n.object.FindStringSubmatch(key)
	if m == nil {
		return "", false
	}
	return m[1], true
}
