package sink

import "context"

// lineEncoder makes a file of lines: it cuts them into chunks, compresses each by itself and puts them in their order.
type lineEncoder struct {
	o     *object
	codec *codec

	fill   []byte // lines that are not yet a chunk
	turns  int    // chunks detached so far
	placed int    // chunks that are in the object, in the order they were detached
	ready  map[int]chunk
	frame  framing
}

type chunk struct {
	body []byte
	crc  uint32
	raw  int64
}

var _ encoder = (*lineEncoder)(nil)

func (e *lineEncoder) add(st *staged, all bool) work {
	if st != nil {
		before := cap(e.fill)
		if len(e.fill) == 0 && len(st.lines) >= e.codec.chunk {
			e.fill, st.lines = st.lines, nil // it is a chunk already
		} else {
			e.fill = append(e.codec.buffers.grown(e.fill, e.codec.chunk/2), st.lines...)
		}
		e.o.hold(int64(cap(e.fill) - before))
	}
	if len(e.fill) == 0 || !all && len(e.fill) < e.codec.chunk {
		return nil
	}
	raw, turn := e.fill, e.turns
	e.fill = nil
	e.turns++
	return func(ctx context.Context) error { return e.flush(ctx, raw, turn) }
}

// flush compresses detached lines and puts them in their turn.
func (e *lineEncoder) flush(ctx context.Context, raw []byte, turn int) error {
	c := chunk{body: raw, raw: int64(len(raw))}
	if e.codec.compress != nil {
		err := e.o.s.compute(ctx, func() error {
			c.body, c.crc = e.codec.compress(e.o.out.Level, raw)
			return nil
		})
		if err != nil {
			return err
		}
	}
	e.o.hold(int64(cap(c.body) - cap(raw)))
	if e.codec.compress != nil {
		lineChunks.free(raw) // whichever it came from
		e.codec.buffers.free(raw)
	}
	e.o.mu.Lock()
	defer e.o.mu.Unlock()
	if e.ready == nil {
		e.ready = map[int]chunk{}
	}
	e.ready[turn] = c
	for {
		c, ok := e.ready[e.placed]
		if !ok {
			return nil
		}
		delete(e.ready, e.placed)
		if e.placed == 0 {
			e.pushExtra(e.frame.header())
		}
		e.placed++
		e.frame.add(c)
		e.o.push(c.body)
	}
}

// pushExtra adds bytes that no chunk has counted.
func (e *lineEncoder) pushExtra(b []byte) {
	if len(b) > 0 {
		e.o.hold(int64(cap(b)))
		e.o.push(b)
	}
}

func (e *lineEncoder) end() error {
	e.o.mu.Lock()
	defer e.o.mu.Unlock()
	e.pushExtra(e.frame.trailer())
	return nil
}
