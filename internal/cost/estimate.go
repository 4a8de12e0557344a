package cost

import "math"

// Estimate is what a month costs either way.
type Estimate struct {
	RecordsPerSecond float64 `json:"records_per_second"`
	RecordBytes      float64 `json:"record_bytes"`
	BytesPerSecond   float64 `json:"bytes_per_second"`

	Firehose  Bill   `json:"firehose"`
	Standpipe Bill   `json:"standpipe"`
	Sizing    Sizing `json:"sizing"`

	BreakEven BreakEven `json:"break_even"`
}

// BreakEven says at which rates Standpipe is the cheaper way, all else being equal, in records a second. All 0: at none
// that was looked at.
type BreakEven struct {
	From float64 `json:"from_records_per_second"` // Standpipe is cheaper from here
	To   float64 `json:"to_records_per_second"`   // to here
	// Most is the highest rate that was looked at. Where To is as high, Standpipe was cheaper up to there.
	Most float64 `json:"most_records_per_second"`
}

// Reckon compares the two for a workload. Its error is what Check says, or that no machine is large enough.
func Reckon(w Workload, p Prices) (Estimate, error) {
	e := Estimate{RecordsPerSecond: w.RecordsPerSecond, RecordBytes: w.RecordBytes, BytesPerSecond: w.bytesPerSecond()}
	if err := w.Check(); err != nil {
		return e, err
	}
	var err error
	if e.Standpipe, e.Sizing, err = standpipe(w, p); err != nil {
		return e, err
	}
	e.Firehose = firehose(w, p)
	e.BreakEven = breakEven(w, p)
	return e, nil
}

// Rates that are looked at for the one where Standpipe becomes cheaper.
const (
	slowest   = 1e-3 // records a second
	most      = 1e6  // records a second
	mostBytes = 1e9  // a second
	growth    = 1.5
	exact     = 1.001
)

// breakEven goes from the highest rate down, so that what it says of the rates above holds although bills rise in steps.
// With a given number of shards the highest rate is what they carry.
func breakEven(w Workload, p Prices) (b BreakEven) {
	b.Most = max(min(most, mostBytes/w.RecordBytes), w.RecordsPerSecond)
	if w.Shards > 0 {
		b.Most = min(b.Most, float64(w.Shards)*shardBytes*w.RecordsPerSecond/w.streamBytes())
	}
	cheaper := func(rate float64) bool {
		w.RecordsPerSecond = rate
		bill, _, err := standpipe(w, p)
		return err == nil && bill.Dollars < firehose(w, p).Dollars
	}
	// between narrows down where the answer changes.
	between := func(low, high float64) float64 {
		for answer := cheaper(low); high/low > exact; {
			if middle := math.Sqrt(low * high); cheaper(middle) == answer {
				low = middle
			} else {
				high = middle
			}
		}
		return high
	}
	last := b.Most
	for rate := b.Most; rate >= slowest; last, rate = rate, rate/growth {
		switch yes := cheaper(rate); {
		case yes && b.To == 0:
			if b.To = rate; rate < b.Most {
				b.To = between(rate, last)
			}
			b.From = rate
		case yes:
			b.From = rate
		case b.To > 0:
			b.From = between(rate, last)
			return b
		}
	}
	return b
}
