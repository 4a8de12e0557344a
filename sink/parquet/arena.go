package parquet

// chunkSize is what an arena takes from the heap at a time.
const chunkSize = 64 << 10

// arena hands out memory that stays where it is until reset. Chunks are never grown, so slices of them stay valid.
type arena struct {
	chunks  [][]byte // cut to what is in use; those after current are free
	current int
	used    int64
}

// arenaMark is a state of an arena to go back to. The zero value is an empty arena.
type arenaMark struct {
	current, length int
	used            int64
}

// alloc gives n bytes that the caller may write until the next alloc, and read until reset.
func (a *arena) alloc(n int) []byte {
	if a.current >= len(a.chunks) || cap(a.chunks[a.current])-len(a.chunks[a.current]) < n {
		a.advance(n)
	}
	c := a.chunks[a.current]
	from := len(c)
	a.chunks[a.current] = c[:from+n]
	a.used += int64(n)
	return c[from : from+n : from+n]
}

// advance makes a chunk current that has room for n bytes.
func (a *arena) advance(n int) {
	if len(a.chunks) > 0 {
		a.current++
	}
	if a.current < len(a.chunks) && cap(a.chunks[a.current]) >= n {
		a.chunks[a.current] = a.chunks[a.current][:0]
		return
	}
	fresh := make([]byte, 0, max(chunkSize, n))
	a.chunks = append(a.chunks, fresh)
	last := len(a.chunks) - 1
	a.chunks[a.current], a.chunks[last] = fresh, a.chunks[a.current]
}

// shrink gives back the last n bytes of the last alloc.
func (a *arena) shrink(n int) {
	c := a.chunks[a.current]
	a.chunks[a.current] = c[:len(c)-n]
	a.used -= int64(n)
}

func (a *arena) mark() arenaMark {
	if len(a.chunks) == 0 {
		return arenaMark{}
	}
	return arenaMark{a.current, len(a.chunks[a.current]), a.used}
}

func (a *arena) rollback(m arenaMark) {
	if len(a.chunks) == 0 {
		return
	}
	a.current, a.used = m.current, m.used
	a.chunks[m.current] = a.chunks[m.current][:m.length]
}

// reset frees all, and gives chunks of unusual size back to the heap. It says whether there were any.
func (a *arena) reset() (dropped bool) {
	kept := a.chunks[:0]
	for _, c := range a.chunks {
		if cap(c) > chunkSize {
			dropped = true
			continue
		}
		kept = append(kept, c[:0])
	}
	clear(a.chunks[len(kept):])
	a.chunks, a.current, a.used = kept, 0, 0
	return dropped
}
