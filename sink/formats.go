package sink

import (
	"slices"

	"standpipe/sink/parquet"
)

// Reformat has outputs of Parquet written in other formats, by the outputs' names, from the next batch on. What one batch
// holds of an output is in one format, in files and rows alike; the batches that are open are cut, so that the change does
// not wait for the interval. Names of no output, or of one of lines, are passed over. It never waits for S3.
func (s *Sink) Reformat(by map[string]*parquet.Format) {
	s.mu.Lock()
	defer s.mu.Unlock()
	formats := slices.Clone(*s.formats.Load())
	for i, out := range s.data {
		if f := by[out.Name]; f != nil && formats[i] != nil {
			formats[i] = f
		}
	}
	s.formats.Store(&formats)
	for _, l := range s.lanes {
		l.cutFormats(formats)
	}
}

// cutFormats asks for the open batch to be cut if it has other formats than these.
func (l *lane) cutFormats(formats []*parquet.Format) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open != nil && l.open.want == "" && !slices.Equal(l.open.formats, formats) {
		l.open.want = CauseSchema
		l.notify()
	}
}

// shredding makes rows of one format. It belongs to a reading, which takes another when the format changes.
type shredding struct {
	format *parquet.Format
	*parquet.Shredder
}

// shredder gives what makes the rows of output i for batch b.
func (r *Reading) shredder(b *batch, i int) *parquet.Shredder {
	if f := b.formats[i]; r.shredders[i].format != f {
		r.shredders[i] = shredding{f, f.Schema().NewShredder()}
	}
	return r.shredders[i].Shredder
}
