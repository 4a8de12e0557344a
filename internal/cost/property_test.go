package cost

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// random is any workload that can be reckoned.
func random(r *rand.Rand) Workload {
	between := func(low, high float64) float64 { return low * math.Pow(high/low, r.Float64()) }
	pick := func(n int) int { return r.IntN(n) }
	w := Workload{
		RecordBytes: math.Ceil(between(1, 1<<20)), RecordsPerSecond: between(1e-3, 1e4),
		Source: []Source{Stream, Direct, AccessLogs}[pick(3)], Interval: time.Duration(between(1, 3600) * float64(time.Second)),
		BufferSize: between(1<<20, 5<<30), Memory: between(32<<20, 1<<30), Failover: time.Duration(between(3, 600) * float64(time.Second)), JQHours: between(1, 700),
		Compute: []Compute{Fargate, EC2}[pick(2)], Network: []Network{PublicIP, Endpoint, NAT, Paid}[pick(4)], Workers: 1 + pick(5), Headroom: between(1, 4),
	}
	for range 1 + pick(3) {
		o := Output{[]string{"ndjson", "parquet", "raw"}[pick(3)], []string{"gzip", "zstd", "none", "snappy"}[pick(4)], pick(10), 1 + pick(1000), pick(2) == 0}
		w.Outputs = append(w.Outputs, o)
	}
	return w
}

// TestMoreNeverCostsLess: what is more, or has to be there sooner, makes neither bill smaller.
func TestMoreNeverCostsLess(t *testing.T) {
	p, r := ListPrices(), rand.New(rand.NewPCG(7, 7))
	more := map[string]func(*Workload){
		"records":   func(w *Workload) { w.RecordsPerSecond *= 1 + r.Float64()*3 },
		"a record":  func(w *Workload) { w.RecordsPerSecond += 1 },
		"bytes":     func(w *Workload) { w.RecordBytes += math.Ceil(r.Float64() * 4 * w.RecordBytes) },
		"a byte":    func(w *Workload) { w.RecordBytes++ },
		"an output": func(w *Workload) { w.Outputs = append(w.Outputs, w.Outputs[0]) },
		"paths":     func(w *Workload) { w.Outputs[0].Paths += 1 + r.IntN(100) },
		"workers":   func(w *Workload) { w.Workers++ },
		"headroom":  func(w *Workload) { w.Headroom *= 1 + r.Float64() },
		"memory":    func(w *Workload) { w.Memory *= 1 + r.Float64() },
		"jq":        func(w *Workload) { w.JQHours *= 2 },
	}
	compared := 0
	for range 100 {
		w := random(r)
		if w.Check() != nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(more)) {
			v := w
			v.Outputs = slices.Clone(w.Outputs)
			more[name](&v)
			if v.Check() != nil {
				continue
			}
			w := w
			w.Shards, v.Shards = v.shards(), v.shards() // further shards can make it cheaper: smaller workers share them
			before, _, errBefore := standpipe(w, p)
			after, _, errAfter := standpipe(v, p)
			if errBefore != nil || errAfter != nil {
				continue
			}
			compared++
			least := before.Dollars * (1 - 1e-9)
			if name == "paths" { // batches that are cut by size then hold more objects, and there are fewer of them
				least *= 0.95
			}
			if firehose(v, p).Dollars < firehose(w, p).Dollars*(1-1e-9) || after.Dollars < least {
				t.Errorf("more %s: %+v\nbefore %+v\nafter  %+v", name, w, before, after)
			}
		}
	}
	if compared < 400 {
		t.Errorf("only %d were compared", compared)
	}
}

// TestBillsAddUp: no line is negative, and the sum is that of the lines.
func TestBillsAddUp(t *testing.T) {
	p, r := ListPrices(), rand.New(rand.NewPCG(8, 8))
	reckoned := 0
	for range 100 {
		w := random(r)
		ours, _, err := standpipe(w, p)
		if w.Check() != nil || err != nil {
			continue
		}
		reckoned++
		for _, b := range []Bill{firehose(w, p), ours} {
			sum := 0.0
			for _, l := range b.Lines {
				if sum += l.Dollars; !(l.Dollars >= 0) || l.Name == "" || l.Detail == "" {
					t.Errorf("%+v", l)
				}
			}
			if math.Abs(sum-b.Dollars) > 1e-6*sum {
				t.Errorf("%+v does not add up to %v", b, sum)
			}
		}
	}
	if reckoned < 60 {
		t.Errorf("only %d of 100 could be reckoned", reckoned)
	}
}

// TestBreakEvenIsWhereBillsMeet: just above it Standpipe is cheaper, just below Firehose.
func TestBreakEvenIsWhereBillsMeet(t *testing.T) {
	p, r := ListPrices(), rand.New(rand.NewPCG(9, 9))
	met := 0
	for range 60 {
		w := random(r)
		e, err := Reckon(w, p)
		if err != nil {
			continue
		}
		cheaper := func(rate float64) bool {
			v := w
			v.RecordsPerSecond = rate
			b, _, err := standpipe(v, p)
			return err == nil && b.Dollars < firehose(v, p).Dollars
		}
		switch b := e.BreakEven; {
		case b.To == 0 && b.From == 0:
			for rate := b.Most; rate > slowest; rate /= 1.5 {
				if cheaper(rate) {
					t.Errorf("%+v: %+v, but at %v Standpipe is cheaper", w, b, rate)
				}
			}
		case b.From > 2*slowest:
			if met++; !cheaper(b.From) || cheaper(b.From/1.002) || !cheaper(b.To/1.002) {
				t.Errorf("%+v: %+v", w, b)
			}
		}
	}
	if met < 20 {
		t.Errorf("only %d bills meet", met)
	}
}
