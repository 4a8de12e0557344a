package sink

import "time"

const (
	maxStagedRows  = 10_000  // rows that a reading hands over at once
	maxStagedBytes = 1 << 20 // and what they may take in memory

	// What a reading has staged for all its objects at once: the records of an answer may each lie under a path of their own.
	maxStaged      = 2 << 20
	maxStagedPaths = 1000
	stagedCost     = 256      // what a path takes beside its bytes
	stagedRowsCost = 16 << 10 // and with rows
	stagedStep     = 64 << 10 // in which it is counted in the budget
	fewStaged      = 16 << 10 // bytes of lines that are staged without a lent buffer
)

// stage gives what is staged for an object, making room for it where there is too much. Without an object there is a reason
// for which its path can not be opened, or an error.
func (r *Reading) stage(b *batch, k objectKey, arrival time.Time) (*staged, *Failure, error) {
	last := &r.last[k.out]
	if last.staged != nil && last.path == k.path {
		return last.staged, nil, nil
	}
	if st := r.staged[k]; st != nil {
		last.path, last.staged = k.path, st
		return st, nil, nil
	}
	if bad := b.admit(k, len(r.staged)); bad != nil {
		return nil, bad, nil
	}
	if len(r.staged) >= maxStagedPaths || r.stagedBytes >= maxStaged {
		if err := r.flushAll(b); err != nil {
			return nil, nil, err
		}
	}
	st := &staged{arrival: arrival}
	r.staged[k] = st
	cost := int64(stagedCost)
	if b.formats[k.out] != nil {
		cost = stagedRowsCost
	}
	r.count(cost)
	return st, nil, nil
}

// count notes that more bytes are staged, and counts them in the budget in steps.
func (r *Reading) count(n int64) {
	r.stagedBytes += n
	if more := r.stagedBytes - r.counted; more >= stagedStep {
		r.lane.s.memory.Add(more)
		r.counted += more
	}
}

// flushFull hands over what is staged for an object when it is enough.
func (r *Reading) flushFull(b *batch, k objectKey, st *staged) error {
	size := int64(cap(st.lines) + 24*cap(st.data))
	if st.rows != nil {
		size += st.rows.Bytes
	}
	if size > st.size {
		r.count(size - st.size)
		st.size = size
	}
	if st.raw >= chunkSize || st.rows != nil && (st.rows.N >= maxStagedRows || st.rows.Bytes >= maxStagedBytes) {
		return r.flush(b, k, st)
	}
	return nil
}

func (r *Reading) flush(b *batch, k objectKey, st *staged) error {
	if st.records == 0 {
		return nil
	}
	err := b.write(k, st)
	if st.lines == nil && st.rows == nil { // it was taken, and this path has many
		st.lines = lineChunks.lend()
	}
	st.lines, st.data, st.raw, st.records = st.lines[:0], st.data[:0], 0, 0
	if st.rows != nil {
		st.rows.Reset()
	}
	return err
}

// flushAll hands over everything that is staged, and forgets it.
func (r *Reading) flushAll(b *batch) error {
	for k, st := range r.staged {
		if err := r.flush(b, k, st); err != nil {
			return err
		}
	}
	r.unstage(b)
	return nil
}

// unstage forgets what was staged, and keeps its memory for the next records.
func (r *Reading) unstage(b *batch) {
	for k, st := range r.staged {
		if st.rows != nil {
			b.formats[k.out].Free(st.rows)
		}
		lineChunks.free(st.lines)
	}
	clear(r.staged)
	clear(r.last)
	r.lane.s.memory.Add(-r.counted)
	r.stagedBytes, r.counted = 0, 0
}
