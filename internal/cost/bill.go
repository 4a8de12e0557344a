package cost

import "fmt"

// Units of AWS's calculator: a month, and a GB of 2^30 bytes.
const (
	hours   = 730.0
	seconds = hours * 3600
	gb      = 1 << 30
)

// Line is a position of a bill.
type Line struct {
	Name    string  `json:"name"`
	Detail  string  `json:"detail"` // how the sum came about
	Dollars float64 `json:"dollars"`
}

// Bill is what a month costs.
type Bill struct {
	Lines   []Line  `json:"lines"`
	Dollars float64 `json:"dollars"` // their sum
}

func (b *Bill) add(dollars float64, name, detail string, args ...any) {
	b.Lines = append(b.Lines, Line{name, fmt.Sprintf(detail, args...), dollars})
	b.Dollars += dollars
}

// tiered is the price of a quantity whose parts are charged by tier. The last tier has no end.
func tiered(quantity float64, tiers []Tier) (dollars float64) {
	from := 0.0
	for _, t := range tiers {
		to := t.UpToGB
		if to == 0 || quantity < to {
			return dollars + (quantity-from)*t.PerGB
		}
		dollars, from = dollars+(to-from)*t.PerGB, to
	}
	return dollars
}
