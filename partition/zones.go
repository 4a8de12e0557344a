package partition

import (
	_ "embed" // the names of time zones
	"strings"
	"time"
)

// zoneNames are the names of a time zone in English. The order of the strings is that of zones.tsv.
type zoneNames [6]string

const (
	standardShort = iota
	daylightShort
	genericShort
	standardFull
	daylightFull
	genericFull
)

//go:embed zones.tsv
var zonesTable string

// namesOf finds the names of a zone by its IANA name. ok is false for those that Java 17 does not know, such as EST.
func namesOf(zone string) (names zoneNames, ok bool) {
	for line := range strings.Lines(zonesTable) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(cells) != len(names)+1 {
			continue // a remark
		}
		for id := range strings.SplitSeq(cells[len(names)], " ") {
			if id == zone {
				return zoneNames(cells[:len(names)]), true
			}
		}
	}
	return names, false
}

// name is what the letters z and v write at t.
func (z *zoneNames) name(field byte, s style, t time.Time) string {
	i := genericShort
	if field == 'z' {
		i = standardShort
		if daylight(t) {
			i = daylightShort
		}
	}
	if s == full {
		i += standardFull
	}
	return z[i]
}

// longest is how many bytes the names of a letter take at most.
func (z *zoneNames) longest(field byte, s style) int {
	first := standardShort
	if s == full {
		first = standardFull
	}
	if field == 'v' {
		return len(z[first+genericShort])
	}
	return max(len(z[first+standardShort]), len(z[first+daylightShort]))
}

// daylight says whether the clocks are ahead of the zone's standard time. The zone database has it the other way round
// where the law does: in Ireland the summer is standard and the winter an hour behind, in Morocco so is Ramadan. Namibia's
// time of today is to Java the summer time of its former zone.
func daylight(t time.Time) bool {
	switch t.Location().String() {
	case "Europe/Dublin", "Eire", "Africa/Casablanca", "Africa/El_Aaiun":
		_, offset := t.Zone()
		return offset > 0
	case "Africa/Windhoek":
		_, offset := t.Zone()
		return offset == 2*3600
	}
	return t.IsDST()
}
