package partition

import (
	"math/rand/v2"
	"testing"
	"time"
)

const hourly = "clicks/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// An evaluator that remembers must give what one that does not remember gives, whatever the order of times;
// so it is asked for times that crowd around changes of the clock and of each field.
func TestEvaluatorAgreesWithPath(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	patterns := []string{"ss", "HH:mm:ss", "HH:mm", "yyyy/MM/dd/HH", "yyyy/MM/dd", "yyyy", "'x'", "h a", "YYYY-ww"}
	for _, l := range Letters() {
		patterns = append(patterns, l.Patterns[0])
	}
	around := []time.Time{
		time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC),      // America/New_York springs forward
		time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC),     // and falls back
		time.Date(2026, 4, 4, 15, 0, 0, 0, time.UTC),     // Australia/Lord_Howe falls back by half an hour
		time.Date(2011, 12, 30, 10, 0, 0, 0, time.UTC),   // Pacific/Apia skips a day
		time.Date(2018, 11, 4, 3, 0, 0, 0, time.UTC),     // America/Sao_Paulo springs forward at midnight
		time.Date(1883, 11, 18, 17, 0, 0, 0, time.UTC),   // America/New_York leaves local mean time
		time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),      // Unix time changes its sign
		time.Date(2026, 12, 31, 15, 0, 0, 0, time.UTC),   // Asia/Tokyo begins a year
		time.Date(-1, 12, 31, 23, 59, 59, 0, time.UTC),   // before the era
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), // five digits begin
	}
	for _, name := range []string{"UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "Asia/Tokyo", "Asia/Kathmandu"} {
		for _, pattern := range patterns {
			p := mustParse(t, "!{timestamp:"+pattern+"}/!{firehose:error-output-type}", Errors, InZone(zone(t, name)))
			e := p.Evaluator()
			for _, base := range around {
				at := base
				for range 60 {
					spread := []int64{3, 90, 5000, 100000}[r.IntN(4)]
					if r.IntN(3) == 0 {
						at = base
					}
					at = at.Add(time.Duration(r.Int64N(2*spread+1)-spread) * time.Second).Add(time.Duration(r.IntN(1e9)))
					failure := []string{"processing-failed", "processing-failed", "x"}[r.IntN(3)]
					if got, want := e.Path(at, failure), p.Path(at, failure); got != want {
						t.Fatalf("%s in %s at %v: evaluator %q, prefix %q", pattern, name, at, got, want)
					}
				}
			}
		}
	}
}

func TestZeroTimeAndUnixZeroAreNotTakenForRemembered(t *testing.T) {
	for _, at := range []time.Time{{}, time.Unix(0, 0)} {
		p := mustParse(t, hourly, Data)
		if got, want := p.Evaluator().Path(at, ""), p.Path(at, ""); got != want {
			t.Errorf("at %v: %q, want %q", at, got, want)
		}
	}
}

func TestRememberedPathDoesNotAllocate(t *testing.T) {
	tokyo := zone(t, "Asia/Tokyo")
	at := time.Date(2026, 7, 13, 14, 5, 6, 0, time.UTC)
	for _, c := range []struct {
		name, expr string
		kind       Kind
		step       time.Duration // how far apart the records are
	}{
		{"a second", "!{timestamp:yyyyMMdd-HHmmss}/!{firehose:random-string}/", Data, time.Millisecond},
		{"an hour", hourly, Data, 3 * time.Second},
		{"the default", "clicks/", Data, 3 * time.Second},
		{"errors", "", Errors, time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := mustParse(t, c.expr, c.kind, InZone(tokyo)).Evaluator()
			e.Path(at, "processing-failed")
			next := at
			n := testing.AllocsPerRun(900, func() {
				next = next.Add(c.step)
				if e.Path(next, "processing-failed") == "" {
					t.Error("empty path")
				}
			})
			if n != 0 {
				t.Errorf("%v allocations a record", n)
			}
		})
	}
}

func BenchmarkPathRemembered(b *testing.B) {
	e := mustParse(b, hourly, Data, InZone(zone(b, "America/New_York"))).Evaluator()
	at := time.Date(2026, 7, 13, 14, 5, 6, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		e.Path(at, "")
	}
}

func BenchmarkPathNewEachTime(b *testing.B) {
	e := mustParse(b, hourly, Data, InZone(zone(b, "America/New_York"))).Evaluator()
	at := time.Date(2026, 7, 13, 14, 5, 6, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(time.Hour)
		e.Path(at, "")
	}
}
