package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"standpipe/internal/cost"
)

// print writes the two bills, and which is the lower one.
func (r costReport) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, as %s, a batch every %s.\n", r.headline(), r.formats(), r.Interval)
	fmt.Fprintf(&b, "US dollars for a month of 730 hours, at %s of %s, %s.\n\n", r.prices(), r.Region, r.PricesOf)
	for _, side := range []struct {
		name string
		cost.Bill
	}{{"Firehose", r.Firehose}, {"Standpipe", r.Standpipe}} {
		fmt.Fprintf(&b, "%-22s %12s\n", side.name, dollarText(side.Dollars))
		for _, l := range side.Lines {
			fmt.Fprintf(&b, "  %-20s %12s  %s\n", l.Name, dollarText(l.Dollars), l.Detail)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", r.verdict())
	for _, list := range []struct {
		title string
		lines []string
	}{{"Reckoned so:", r.Assumptions}, {"Not in it:", r.LeftOut}} {
		fmt.Fprintf(&b, "\n%s\n", list.title)
		for _, l := range list.lines {
			fmt.Fprintf(&b, "  - %s\n", l)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// prices says whose prices they are.
func (r costReport) prices() string {
	if r.Prices == listPrices {
		return listPrices
	}
	return "the prices in " + r.Prices
}

// verdict says which way is cheaper, and at which rates.
func (r costReport) verdict() string {
	firehose, standpipe := r.Firehose.Dollars, r.Standpipe.Dollars
	var first string
	switch {
	case standpipe < firehose:
		first = fmt.Sprintf("Standpipe is the cheaper way: $%s a month less, %.0f %%.", dollarText(firehose-standpipe), 100*(firehose-standpipe)/firehose)
	case firehose < standpipe:
		first = fmt.Sprintf("Firehose is the cheaper way: $%s a month less.", dollarText(standpipe-firehose))
	default:
		first = "Both cost the same."
	}
	rate := func(perSecond float64) string {
		return fmt.Sprintf("%s of %s a second (%s/s)", recordsText(perSecond), sizeText(r.RecordBytes), sizeText(perSecond*r.RecordBytes))
	}
	e := r.BreakEven
	switch {
	case e.To == 0:
		return first + " At no rate that was tried is Standpipe cheaper for such records, up to " + rate(e.Most) + "."
	case e.From == e.To && e.From == e.Most, e.From < 0.01:
		return first
	case e.To < e.Most:
		return first + " Standpipe is cheaper from " + rate(e.From) + " to " + rate(e.To) + ", Firehose below and above that."
	}
	return first + " Below " + rate(e.From) + " Firehose is cheaper, above Standpipe."
}

// formats names the outputs.
func (r costReport) formats() string {
	var names []string
	for _, o := range r.Outputs {
		name := o.Format + " with " + o.Codec
		if o.Codec == "none" {
			name = o.Format + ", not compressed"
		}
		names = append(names, name)
	}
	return strings.Join(names, " and as ")
}

// dollarText has cents, and commas from a thousand on.
func dollarText(dollars float64) string {
	whole, cents, _ := strings.Cut(strconv.FormatFloat(dollars, 'f', 2, 64), ".")
	n, _ := strconv.ParseInt(whole, 10, 64)
	return grouped(n) + "." + cents
}

// count is a number with commas, or with two significant digits where it is small.
func count(f float64) string {
	if f < 10 {
		return strconv.FormatFloat(f, 'g', 2, 64)
	}
	return grouped(int64(math.Round(f)))
}

// recordsText is a number of records.
func recordsText(f float64) string {
	n := count(f)
	if n == "1" {
		return "1 record"
	}
	return n + " records"
}

// sizeText prints bytes in units of 1000, to three digits.
func sizeText(f float64) string {
	unit, names := 0, []string{"B", "KB", "MB", "GB", "TB"}
	for f >= 999.5 && unit < len(names)-1 {
		f, unit = f/1000, unit+1
	}
	digits, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 3, 64), 64)
	if err != nil {
		digits = f
	}
	return strconv.FormatFloat(digits, 'f', -1, 64) + " " + names[unit]
}
