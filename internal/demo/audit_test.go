package demo

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

const lakeRecords = giantsFrom - 1 // for speed

func TestAuditFindsNothingWhereNothingIsWrong(t *testing.T) {
	f := newLake(t).audit()
	if !f.exact() || f.Put != lakeRecords || f.Rejected < len(hostile)-1 || f.Lines < f.Delivered || f.Journals != 1 || f.Objects != 1 || f.ErrorObjects != 1 {
		t.Errorf("got %+v", f)
	}
}

// lineWith finds the first line that contains text.
func lineWith(t *testing.T, lines []string, text string) int {
	t.Helper()
	i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, text) })
	if i < 0 {
		t.Fatalf("no line with %q", text)
	}
	return i
}

// TestAuditSeesDamage does one thing to a flawless folder at a time.
func TestAuditSeesDamage(t *testing.T) {
	for name, c := range map[string]struct {
		damage        func(t *testing.T, l *lake)
		lost, doubled int // lost -1: some
		fault         fault
	}{
		"line deleted": {lost: 1, damage: func(_ *testing.T, l *lake) {
			l.edit(dataKey, func(s []string) []string { return slices.Delete(s, 70, 71) })
		}},
		"last line deleted": {lost: 1, damage: func(_ *testing.T, l *lake) {
			l.edit(dataKey, func(s []string) []string { return s[:len(s)-1] })
		}},
		"error line deleted": {lost: 1, damage: func(_ *testing.T, l *lake) {
			l.edit(errorKey, func(s []string) []string { return s[1:] })
		}},
		"empty record's error line deleted": {lost: 1, damage: func(t *testing.T, l *lake) {
			l.edit(errorKey, func(s []string) []string {
				i := lineWith(t, s, `"rawData":""`)
				return slices.Delete(s, i, i+1)
			})
		}},
		"line doubled": {doubled: 1, damage: func(_ *testing.T, l *lake) {
			l.edit(dataKey, func(s []string) []string { return append(s, s[33]) })
		}},
		"line doubled in another object": {doubled: 1, damage: func(_ *testing.T, l *lake) {
			l.write(strings.Replace(dataKey, "a.", "c.", 1), l.read(dataKey)[9:10])
		}},
		"empty record's error line doubled": {doubled: 1, damage: func(t *testing.T, l *lake) {
			l.edit(errorKey, func(s []string) []string { return append(s, s[lineWith(t, s, `"rawData":""`)]) })
		}},
		"value altered": {fault: altered, damage: func(t *testing.T, l *lake) {
			l.edit(dataKey, func(s []string) []string {
				i := lineWith(t, s, `"price":1.10}`)
				s[i] = strings.Replace(s[i], `"price":1.10}`, `"price":1.1}`, 1)
				return s
			})
		}},
		"slash unescaped": {fault: altered, damage: func(t *testing.T, l *lake) {
			l.edit(dataKey, func(s []string) []string {
				i := lineWith(t, s, `\/items`)
				s[i] = strings.ReplaceAll(s[i], `\/`, `/`)
				return s
			})
		}},
		"hostile record's bytes altered": {fault: altered, damage: func(t *testing.T, l *lake) {
			l.edit(errorKey, func(s []string) []string { // "GET " to "GEU "
				i := lineWith(t, s, `"rawData":"R0VU`)
				s[i] = strings.Replace(s[i], `"rawData":"R0VU`, `"rawData":"R0VV`, 1)
				return s
			})
		}},
		"id altered": {fault: unknown, lost: 1, damage: func(t *testing.T, l *lake) {
			l.edit(dataKey, func(s []string) []string {
				s[5] = strings.ReplaceAll(s[5], l.truth.ids.tag, "-000000000000")
				return s
			})
		}},
		"object truncated": {fault: unreadable, lost: -1, damage: func(t *testing.T, l *lake) {
			info, err := os.Stat(l.path(dataKey))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(l.path(dataKey), info.Size()/2); err != nil {
				t.Fatal(err)
			}
		}},
		"object's trailer cut off": {fault: unreadable, damage: func(t *testing.T, l *lake) {
			data := packed(l.read(dataKey))
			l.file(dataKey, data[:len(data)-1])
		}},
		"second gzip member": {fault: unreadable, damage: func(_ *testing.T, l *lake) {
			s := l.read(dataKey)
			l.file(dataKey, append(packed(s[:50]), packed(s[50:])...))
		}, lost: -1},
		"object gone": {lost: -1, damage: func(t *testing.T, l *lake) {
			if err := os.Remove(l.path(errorKey)); err != nil {
				t.Fatal(err)
			}
		}},
		"two values on a line": {fault: notJSON, lost: 1, damage: func(_ *testing.T, l *lake) {
			l.edit(dataKey, func(s []string) []string {
				s[40] += s[41]
				return slices.Delete(s, 41, 42)
			})
		}},
		"rejected although it is JSON": {fault: misplaced, damage: func(t *testing.T, l *lake) {
			var line string
			l.edit(dataKey, func(s []string) []string {
				line = s[0]
				return s[1:]
			})
			number, _ := l.truth.ids.find([]byte(line))
			p := l.truth.puts[l.truth.values[number].put]
			e, err := json.Marshal(errorLine{[]byte(line), "Standpipe.NotJSON", "why", arrivalTime.UnixMilli(), p.shard, p.sequence, "", ""})
			if err != nil {
				t.Fatal(err)
			}
			l.edit(errorKey, func(s []string) []string { return append(s, string(e)) })
		}},
		"another hour": {fault: wrongHour, damage: func(t *testing.T, l *lake) {
			l.write(strings.Replace(dataKey, "hour=23", "hour=22", 1), l.read(dataKey))
			if err := os.Remove(l.path(dataKey)); err != nil {
				t.Fatal(err)
			}
		}},
		"error line without a reason": {fault: badErrorLine, damage: func(_ *testing.T, l *lake) {
			l.edit(errorKey, func(s []string) []string {
				s[0] = strings.Replace(s[0], "Standpipe.NotJSON", "", 1)
				return s
			})
		}},
		"foreign line": {fault: unknown, damage: func(_ *testing.T, l *lake) {
			l.edit(dataKey, func(s []string) []string { return append(s, "{}") })
		}},
		"foreign file": {fault: stray, damage: func(_ *testing.T, l *lake) { l.write("other/x.gz", []string{"{}"}) }},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLake(t)
			c.damage(t, l)
			f := l.audit()
			if f.exact() {
				t.Fatal("not seen")
			}
			if c.lost >= 0 && f.Lost != c.lost || c.lost < 0 && f.Lost == 0 {
				t.Errorf("%d lost, want %d", f.Lost, c.lost)
			}
			if f.Doubled != c.doubled {
				t.Errorf("%d doubled, want %d", f.Doubled, c.doubled)
			}
			if (c.fault == "") != (len(f.Faults) == 0) || c.fault != "" && f.Faults[c.fault] == 0 {
				t.Errorf("faults are %v, want %q", f.Faults, c.fault)
			}
		})
	}
}
