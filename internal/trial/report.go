package trial

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"standpipe/sink"
)

// errorsOutput is the name of the error output in journals.
const errorsOutput = "errors"

// unitOf is what an output counts, by its format: a record of NDJSON may hold several values, each a line.
var unitOf = map[string]string{"ndjson": "line", "parquet": "row", "raw": "record"}

// report prints what came of the records.
func (t *trial) report(records int) error {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(t.Out, format, args...) }
	p("%s put into an embedded Kinesis stream and carried by a worker.\n", counted(int64(records), "record"))
	if len(t.left) > 0 {
		p("Left out of the configuration, since only AWS has them: %s.\n", strings.Join(t.left, ", "))
	}
	if err := t.steps(); err != nil {
		return err
	}
	by := map[string][]sink.JournalObject{}
	for _, o := range t.objects {
		by[o.Output] = append(by[o.Output], o)
	}
	for _, out := range t.Config.Outputs {
		if err := t.output("Output "+out.Name, unitOf[out.Format], by[out.Name]); err != nil {
			return err
		}
	}
	if err := t.output("Error output", "record", by[errorsOutput]); err != nil {
		return err
	}
	if t.Dir != "" {
		p("\nThe objects are in %s, a folder for each bucket.\n", t.Dir)
	}
	return nil
}

// output prints the objects of one output, which counts in ones.
func (t *trial) output(title, one string, objects []sink.JournalObject) error {
	var n int64
	for _, o := range objects {
		n += o.Records
	}
	if n == 0 {
		_, _ = fmt.Fprintf(t.Out, "\n%s: nothing\n", title)
		return nil
	}
	_, _ = fmt.Fprintf(t.Out, "\n%s: %s in %s\n", title, counted(n, one), counted(int64(len(objects)), "object"))
	slices.SortFunc(objects, func(a, b sink.JournalObject) int { return cmp.Compare(a.Bucket+"/"+a.Key, b.Bucket+"/"+b.Key) })
	for _, o := range objects {
		_, _ = fmt.Fprintf(t.Out, "  s3://%s/%s  %s, %s\n", o.Bucket, o.Key, counted(o.Records, one), bytesOf(o.Size))
		if err := t.excerpt(o); err != nil {
			return err
		}
	}
	return nil
}

// steps prints what each step did.
func (t *trial) steps() error {
	if len(t.Config.Steps) == 0 {
		return nil
	}
	families, err := t.registry.Gather()
	if err != nil {
		return fmt.Errorf("count what the steps did: %w", err)
	}
	counts := map[string]map[string]float64{}
	for _, f := range families {
		if f.GetName() != "standpipe_step_records_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := labelsOf(m)
			if counts[labels["step"]] == nil {
				counts[labels["step"]] = map[string]float64{}
			}
			counts[labels["step"]][labels["result"]] = m.GetCounter().GetValue()
		}
	}
	_, _ = io.WriteString(t.Out, "\n")
	w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	for _, s := range t.Config.Steps {
		c := counts[s.Name]
		_, _ = fmt.Fprintf(w, "Step %s:\t%.0f taken,\t%.0f made,\t%.0f dropped,\t%.0f to the error output\n", s.Name, c["taken"], c["made"], c["dropped"], c["failed"])
	}
	return w.Flush()
}

func labelsOf(m *dto.Metric) prometheus.Labels {
	labels := prometheus.Labels{}
	for _, l := range m.GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	return labels
}

// counted is a number with what it counts: 1 record, 2 records.
func counted(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// bytesOf is a number of bytes as people read it.
func bytesOf(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
