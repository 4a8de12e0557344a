package partition

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

const (
	parsedTable   = "../testdata/partition/parse.tsv"
	parsedProgram = "../testdata/partition/Parsed.java"
)

// parsedRow is a text with the time that Java reads in it.
type parsedRow struct {
	zone, pattern, text, want string
	line                      int
}

func (r parsedRow) question() string { return r.zone + "\t" + r.pattern + "\t" + r.text + "\n" }

func readParsedRows(t testing.TB) (rows []parsedRow) {
	t.Helper()
	data, err := os.ReadFile(parsedTable)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		if strings.HasPrefix(line, "# ") {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != 4 {
			t.Fatalf("line %d has %d cells", i+1, len(cells))
		}
		rows = append(rows, parsedRow{cells[0], cells[1], cells[2], cells[3], i + 1})
	}
	if len(rows) < 1400 {
		t.Fatalf("only %d rows", len(rows))
	}
	return rows
}

// check compares a Reader with Java, and says whether it takes the pattern.
func (r parsedRow) check(t *testing.T) bool {
	t.Helper()
	p, err := ParsePattern(r.pattern, zone(t, r.zone))
	if err != nil {
		return false
	}
	got := "error"
	if at, ok := p.Read([]byte(r.text)); ok {
		got = fmt.Sprintf("%d-%s", at.UTC().Year(), at.UTC().Format("01-02T15:04:05.000000000Z"))
	}
	if got != r.want {
		t.Errorf("line %d: %q in %s reads %q as %s, Java as %s", r.line, r.pattern, r.zone, r.text, got, r.want)
	}
	return true
}

func TestTimesAreReadAsByJava(t *testing.T) {
	for _, r := range readParsedRows(t) {
		if taken := r.check(t); taken != (r.want != "refused") {
			t.Errorf("line %d: %q is taken: %v, Java has %s", r.line, r.pattern, taken, r.want)
		}
	}
}

func TestPatternsThatMakeNoTimeAreRefused(t *testing.T) {
	for pattern, want := range map[string]string{
		"":                      "has an empty pattern",
		"HH:mm:ss":              "has no year",
		"MMM dd HH:mm:ss":       "has no year",
		"yyyy-MM":               "has no day",
		"yyyy-dd":               "has no day",
		"yyyy-MM-dd hh:mm":      "without a, its half of the day",
		"yyyy-MM-dd mm":         "has minutes or seconds, but no hour",
		"yyyy-MM-dd HH ss":      "has seconds, but no minutes",
		"yyyy-MM-dd HH:mm.SSS":  "has a fraction of the second, but no seconds",
		"YYYY-'W'ww-e":          `offset 0: "YYYY" is not read`,
		"yyyy-MM-dd EEEEE":      `"EEEEE" is a single letter`,
		"yyyy-MM-dd B":          `"B" is not read`,
		"yyyy-MM-dd QQQ":        `"QQQ" is not read`,
		"yyyy-MM-dd vvvv":       `"vvvv" is not read`,
		"yyyy-MM-dd{x":          `"{" is reserved in patterns: write it in single quotes`,
		"yyyy-MM-dd}x":          `"}" is reserved in patterns`,
		"yyyy-MM-dd 'x":         "has no closing quote: '' is a quote",
		"yyyy-MM-dd]":           "has no [ before it",
		"yyyy-MM-dd HH:mm:ss b": `"b" is not a known letter`,
		"yesterday":             `"yesterday" is not made of known letters`,
		"2006-01-02":            "has no year",
	} {
		p, err := ParsePattern(pattern, nil)
		if err == nil {
			t.Errorf("%q is taken: %v", pattern, p)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", pattern, err, want)
		}
	}
}

func TestReadingATimeAllocatesNothing(t *testing.T) {
	for pattern, text := range map[string]string{
		"dd/MMM/yyyy:HH:mm:ss Z":                  "28/Jul/2020:05:51:04 +0000",
		"yyyyMMddHHmmssSSS":                       "20200728055104123",
		"yyyy-MM-dd HH:mm[:ss][.SSS][ zzz][ VV]":  "2020-07-28 05:51:04 Europe/Berlin",
		"EEEE, d MMMM yyyy h:mm a":                "Tuesday, 28 July 2020 5:51 PM",
		"yyyy-MM-dd[ HH:mm:ss.SSS][ HH:mm:ss][x]": "yesterday",
	} {
		p, err := ParsePattern(pattern, zone(t, "America/New_York"))
		if err != nil {
			t.Fatal(err)
		}
		data := []byte(text)
		if n := testing.AllocsPerRun(100, func() { p.Read(data) }); n != 0 {
			t.Errorf("%q makes %v allocations", pattern, n)
		}
	}
}

// A text of a million letters is no name of a zone, and is not looked up a million times.
func TestNamesOfZonesAreBounded(t *testing.T) {
	for id, load := range knownZones() {
		if len(id) > longestZone || load() == nil {
			t.Errorf("zone %s is not read", id)
		}
	}
	p, err := ParsePattern("yyyy-MM-dd HH VV", nil)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("2020-07-28 05 " + strings.Repeat("Europe/Berlin", 100_000))
	began := time.Now()
	if at, ok := p.Read(text); ok || time.Since(began) > 10*time.Second {
		t.Errorf("%v after %v", at, time.Since(began))
	}
}

// FuzzRead checks that no text and no pattern makes a Reader fail, and that what it reads is the time that the pattern writes,
// where that is exact.
func FuzzRead(f *testing.F) {
	for i, r := range readParsedRows(f) {
		if i%10 == 0 {
			f.Add(r.pattern, r.text)
		}
	}
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		f.Fatal(err)
	}
	exact, err := ParsePattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSSX", nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		p, err := ParsePattern(pattern, loc)
		if err != nil {
			if p != nil || err.Error() == "" {
				t.Fatalf("%v with error %q", p, err)
			}
			return
		}
		at, ok := p.Read([]byte(text))
		if y := at.UTC().Year(); !ok || y < 1 || y > 9999 {
			return
		}
		again, ok := exact.Read([]byte(at.UTC().Format("2006-01-02T15:04:05.000000000Z")))
		if !ok || !again.Equal(at) {
			t.Fatalf("%q reads %q as %v; read again it is %v", pattern, text, at, again)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	p, err := ParsePattern("dd/MMM/yyyy:HH:mm:ss Z", nil)
	if err != nil {
		b.Fatal(err)
	}
	text := []byte("28/Jul/2020:05:51:04 +0000")
	b.ReportAllocs()
	for b.Loop() {
		p.Read(text)
	}
}
