package sink

import (
	"errors"
	"time"

	"standpipe/sink/parquet"
)

// write turns the answer's records into lines and rows and appends them to the objects of their paths. It says how many
// records there were and when the last one arrived.
func (r *Reading) write(b *batch, resp Response) (n int64, last time.Time, err error) {
	s := r.lane.s
	defer r.unstage(b)
	if resp.Records != nil {
		for rec := range resp.Records {
			n, last = n+1, rec.Arrival
			if err := r.route(b, &rec, s); err != nil {
				return n, last, err
			}
		}
	}
	if resp.Read != nil {
		n, last = resp.Read.Records, resp.Read.Last
	}
	return n, last, r.flushAll(b)
}

// route gives a record to every output that takes it. One that is no JSON makes one error record, unless an output has it
// all the same; one that is, but does not fit an output, makes one for each such output, and is delivered to the others.
// So whoever sends the record of an error record again knows who lacks it: the output that it names, or all.
func (r *Reading) route(b *batch, rec *Record, s *Sink) error {
	if rec.Failure != nil {
		return r.reject(b, rec, rec.Failure, s)
	}
	var broken *Failure // why it fits no output that looks into it
	lacking := r.lacking[:0]
	taken := false // by an output, or by an error record of its own
	for _, rows := range []bool{false, true} {
		for i, out := range s.data {
			if rows != (out.Parquet != nil) || !out.takes(rec) {
				continue
			}
			if rows && broken != nil {
				lacking = append(lacking, i)
				continue
			}
			bad, err := r.give(b, i, rec, s)
			switch {
			case err != nil:
				return err
			case bad == nil:
				taken = true
				continue
			case bad.Output == "":
				broken, lacking = bad, append(lacking, i)
				continue
			}
			taken = true
			if err := r.reject(b, rec, bad, s); err != nil {
				return err
			}
		}
	}
	r.lacking = lacking
	if broken == nil {
		return nil
	}
	if !taken {
		return r.reject(b, rec, broken, s)
	}
	for _, i := range lacking {
		f := *broken
		if f.Output = s.data[i].Name; f.Type == conversionFailed {
			f.Table = s.data[i].Table
		}
		if err := r.reject(b, rec, &f, s); err != nil {
			return err
		}
	}
	return nil
}

// give gives a record to an output, or says why it can not.
func (r *Reading) give(b *batch, i int, rec *Record, s *Sink) (*Failure, error) {
	if s.data[i].Parquet != nil {
		return r.row(b, i, rec, s)
	}
	return r.line(b, i, rec, s)
}

// line gives a record to an output of lines, or says why it can not.
func (r *Reading) line(b *batch, i int, rec *Record, s *Sink) (*Failure, error) {
	if len(rec.Data) == 0 && r.ends[i] == "" && !s.data[i].Validate {
		return nil, nil // there is nothing to write
	}
	k, bad := r.key(i, rec, s)
	if bad != nil {
		return bad, nil
	}
	st, bad, err := r.stage(b, k, rec.Arrival)
	if st == nil {
		return bad, err
	}
	st.lines = lineChunks.grown(st.lines, fewStaged)
	before, n := len(st.lines), 1
	if s.data[i].Validate {
		if st.lines, n, err = appendLines(st.lines, rec.Data, r.ends[i]); err != nil {
			return &Failure{Type: "processing-failed", Code: notJSON, Message: err.Error()}, nil
		}
	} else {
		st.lines = appendRaw(st.lines, rec.Data, r.ends[i])
	}
	st.raw += int64(len(st.lines) - before)
	st.records += int64(n)
	return nil, r.flushFull(b, k, st)
}

// row gives a record to a Parquet output, or says why it can not.
func (r *Reading) row(b *batch, i int, rec *Record, s *Sink) (*Failure, error) {
	k, bad := r.key(i, rec, s)
	if bad != nil {
		return bad, nil
	}
	st, bad, err := r.stage(b, k, rec.Arrival)
	if st == nil {
		return bad, err
	}
	if st.rows == nil {
		st.rows = b.formats[i].NewRows()
	}
	n, err := r.shredder(b, i).Append(st.rows, rec.Data)
	var misfit *parquet.FitError
	switch {
	case errors.As(err, &misfit):
		f := &Failure{Type: conversionFailed, Code: misfit.Code, Message: misfit.Message}
		if !misfit.NotJSON() {
			f.Output, f.Table = s.data[i].Name, s.data[i].Table
		}
		return f, nil
	case err != nil:
		return nil, err
	}
	st.data = append(st.data, rec.Data)
	st.raw += int64(len(rec.Data))
	st.records += int64(n)
	return nil, r.flushFull(b, k, st)
}

// reject sends a record to the error output, which is the last one.
func (r *Reading) reject(b *batch, rec *Record, f *Failure, s *Sink) error {
	i, shard := len(s.outputs)-1, r.shard
	if rd := rec.Redriven; rd != nil {
		shard = rd.Shard
		if rd.Output != "" && f.Output == "" {
			named := *f
			named.Output, f = rd.Output, &named // the others have it
		}
	}
	k := objectKey{i, r.paths[i].Path(rec.Arrival, f.Type)}
	st, _, err := r.stage(b, k, rec.Arrival)
	if st == nil {
		return err
	}
	st.lines = lineChunks.grown(st.lines, fewStaged)
	before := len(st.lines)
	st.lines = appendErrorRecord(st.lines, rec, f, shard, time.Now())
	st.raw += int64(len(st.lines) - before)
	st.records++
	s.metrics.rejected.WithLabelValues(f.Code).Inc()
	return r.flushFull(b, k, st)
}

// appendRaw passes a record through, whatever it holds, with end behind it unless it ends so.
func appendRaw(dst, data []byte, end string) []byte {
	dst = append(dst, data...)
	if n := len(data) - len(end); n < 0 || string(data[n:]) != end {
		dst = append(dst, end...)
	}
	return dst
}
