package partition

import (
	"strings"
	"sync"
	"time"
)

// idForm is that of the offsets in names of zones.
var idForm = offsetForm{colons: true, seconds: true}

// zoneName reads a time zone: an IANA name, an offset, Z, or UTC, GMT or UT with an offset behind it or none; as the letter z
// an American zone's abbreviation too.
func (r *reading) zoneName(e *element, at int) int {
	text := r.text[at:]
	if len(text) == 0 {
		return -1
	}
	prefix := 0
	switch {
	case text[0] == '+' || text[0] == '-':
	case hasPrefix(text, "UTC"), hasPrefix(text, "GMT"):
		prefix = 3
	case hasPrefix(text, "UT"):
		prefix = 2
	default:
		return r.ianaName(at, e.segment.field == 'z')
	}
	seconds, n := 0, 0
	if prefix == 0 || len(text) > prefix && text[prefix] != '0' && text[prefix] != 'Z' {
		if seconds, n = idForm.read(text[prefix:], "Z"); n == 0 && prefix == 0 || seconds > mostOffset || seconds < -mostOffset {
			return -1
		}
	}
	if prefix == 3 && hasPrefix(text, "GMT0") {
		n = 1
	}
	r.zone, r.fixed, r.shift = nil, true, seconds
	return at + prefix + n
}

// mostOffset is the most seconds that Java lets a zone be away from UTC.
const mostOffset = 18 * 3600

// american are the abbreviations of RFC 822, which Java reads as these zones whether it is summer or not. Other abbreviations
// stand for several zones each, of which Java picks one (of IST that of Iceland); they are not read.
var american = map[string]string{
	"EST": "America/New_York", "EDT": "America/New_York", "CST": "America/Chicago", "CDT": "America/Chicago",
	"MST": "America/Denver", "MDT": "America/Denver", "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles",
}

// longestZone is the most characters that are looked up as the name of a zone, however many a record has.
const longestZone = 40

// ianaName reads the longest name of a zone that the text begins with.
func (r *reading) ianaName(at int, abbreviations bool) int {
	n := at
	for n < min(len(r.text), at+longestZone) && (isLetter(r.text[n]) || strings.IndexByte("0123456789/_+-", r.text[n]) >= 0) {
		n++
	}
	for ; n > at; n-- {
		z := knownZones()[string(r.text[at:n])]
		if id := american[string(r.text[at:n])]; id != "" && abbreviations {
			z = knownZones()[id]
		}
		if z != nil {
			if loc := z(); loc != nil {
				r.zone, r.fixed = loc, false
				return n
			}
		}
	}
	if r.text[at] == 'Z' {
		r.zone, r.fixed, r.shift = nil, true, 0
		return at + 1
	}
	return -1
}

// knownZones are the zones of zones.tsv, each loaded when a time names it; nil is one that the zone database lacks.
var knownZones = sync.OnceValue(func() map[string]func() *time.Location {
	known := map[string]func() *time.Location{}
	for line := range strings.Lines(zonesTable) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(cells) != len(zoneNames{})+1 {
			continue // a remark
		}
		for id := range strings.SplitSeq(cells[len(cells)-1], " ") {
			known[id] = sync.OnceValue(func() *time.Location {
				loc, err := time.LoadLocation(id)
				if err != nil {
					return nil
				}
				return loc
			})
		}
	}
	return known
})
