package sink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

const (
	chunkSize  = 256 << 10 // lines that a reading hands over at once, and most codecs compress in one piece
	partSize   = 5 << 20   // S3's minimum for all parts but the last
	objectCost = 2 << 10   // what an object costs in memory besides its bytes
)

var errClosed = errors.New("object takes no more lines")

// object is one S3 object while a batch is open. Shard goroutines append lines to it, compress them and
// hand its parts to S3; none of it is visible before the batch is committed.
type object struct {
	s   *Sink
	b   *batch
	out *Output
	at  objectKey

	codec *codec

	touched atomic.Int64 // the sink's count of appends when this object was last written
	held    atomic.Int64 // bytes in memory, counted in the budget

	creating chan struct{} // holds a token while the upload is being created
	flushing sync.WaitGroup
	sending  sync.WaitGroup

	mu      sync.Mutex
	upload  Upload
	closing bool
	fill    []byte // lines that are not yet a chunk
	turns   int    // chunks detached so far
	placed  int    // chunks that are in seg, in the order they were detached
	ready   map[int]chunk
	seg     Segments // the part being filled
	segLen  int64
	frame   framing
	parts   int32
	raw     int64
	size    int64
	records int64
	lines   int64 // line ends
	err     error
}

type chunk struct {
	body []byte
	crc  uint32
	raw  int64
}

func (o *object) hold(n int64) {
	o.held.Add(n)
	o.s.memory.Add(n)
}

// append adds whole lines. It compresses and uploads on the caller's goroutine when that is due, which is
// the back-pressure. errClosed: ask the batch for another object.
func (o *object) append(ctx context.Context, lines []byte, records int64) error {
	o.touched.Store(o.s.appends.Add(1))
	ends := int64(bytes.Count(lines, []byte{'\n'}))
	o.mu.Lock()
	if o.closing {
		o.mu.Unlock()
		return errClosed
	}
	o.fill = append(o.fill, lines...)
	o.raw += int64(len(lines))
	o.records += records
	o.lines += ends
	full := o.raw >= o.s.opts.Size
	if !full && len(o.fill) < o.codec.chunk {
		o.mu.Unlock()
		o.hold(int64(len(lines)))
		return nil
	}
	o.closing = full
	raw, turn := o.detach()
	o.mu.Unlock()
	o.hold(int64(len(lines)))
	err := o.flush(ctx, raw, turn)
	if full {
		o.b.isFull(o)
	}
	return err
}

// detach takes the lines gathered so far. The caller holds o.mu and must call flush.
func (o *object) detach() (raw []byte, turn int) {
	raw, turn = o.fill, o.turns
	o.fill = nil
	o.turns++
	o.flushing.Add(1)
	return raw, turn
}

// flush compresses detached lines, puts them in their turn, and sends a part if one is whole.
func (o *object) flush(ctx context.Context, raw []byte, turn int) error {
	defer o.flushing.Done()
	c := chunk{body: raw, raw: int64(len(raw))}
	if o.codec.compress != nil && len(raw) > 0 {
		if err := o.s.compress(ctx, o.codec, o.out.Level, &c); err != nil {
			return err
		}
	}
	o.hold(int64(len(c.body) - len(raw)))
	o.mu.Lock()
	if o.ready == nil {
		o.ready = map[int]chunk{}
	}
	o.ready[turn] = c
	for {
		c, ok := o.ready[o.placed]
		if !ok {
			break
		}
		delete(o.ready, o.placed)
		o.placed++
		o.place(c)
	}
	var part Segments
	if o.segLen >= partSize {
		part = o.takePart()
	}
	n := o.parts
	o.mu.Unlock()
	if part == nil {
		return nil
	}
	return o.send(ctx, n, part)
}

func (o *object) place(c chunk) {
	if c.raw == 0 {
		return
	}
	if o.parts == 0 && len(o.seg) == 0 {
		o.pushExtra(o.frame.header())
	}
	o.frame.add(c)
	o.push(c.body)
}

func (o *object) push(b []byte) {
	o.seg = append(o.seg, b)
	o.segLen += int64(len(b))
	o.size += int64(len(b))
}

// pushExtra adds bytes that no chunk has counted.
func (o *object) pushExtra(b []byte) {
	if len(b) == 0 {
		return
	}
	o.hold(int64(len(b)))
	o.push(b)
}

func (o *object) takePart() Segments {
	part := o.seg
	o.seg, o.segLen = nil, 0
	o.parts++
	return part
}

// send uploads part n in the background as soon as one of the sink's upload slots is free.
func (o *object) send(ctx context.Context, n int32, body Segments) error {
	select {
	case o.s.uploads <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	o.sending.Add(1)
	go func() {
		defer o.sending.Done()
		defer func() { <-o.s.uploads }()
		err := o.uploadPart(ctx, n, body)
		if err != nil {
			o.mu.Lock()
			o.err = errors.Join(o.err, err)
			o.mu.Unlock()
		}
	}()
	return nil
}

func (o *object) uploadPart(ctx context.Context, n int32, body Segments) error {
	u, err := o.created(ctx)
	if err != nil {
		return err
	}
	var p Part
	err = o.s.until(ctx, "s3", "UploadPart", fmt.Sprintf("part %d of %s", n, u.Key), func(ctx context.Context) (err error) {
		p, err = o.s.store.UploadPart(ctx, u, n, body)
		return err
	}, ErrNoSuchUpload)
	if err != nil {
		return err
	}
	o.mu.Lock()
	for len(o.upload.Parts) < int(n) {
		o.upload.Parts = append(o.upload.Parts, Part{})
	}
	o.upload.Parts[n-1] = p
	o.mu.Unlock()
	o.hold(-body.Len())
	return nil
}

// created gives the object's upload, creating it at the first part.
func (o *object) created(ctx context.Context) (Upload, error) {
	select {
	case o.creating <- struct{}{}:
		defer func() { <-o.creating }()
	case <-ctx.Done():
		return Upload{}, ctx.Err()
	}
	o.mu.Lock()
	u := o.upload
	o.mu.Unlock()
	if u.ID != "" {
		return u, nil
	}
	err := o.s.until(ctx, "s3", "CreateMultipartUpload", u.Key, func(ctx context.Context) (err error) {
		u.ID, err = o.s.store.Create(ctx, u.Bucket, u.Key, o.b.id, o.out.form())
		return err
	})
	if err != nil {
		return u, err
	}
	o.mu.Lock()
	o.upload.ID = u.ID
	o.mu.Unlock()
	return u, nil
}

// finish sends the last part and waits until S3 has every part. It is called once, by whoever closes the
// object; nothing is appended any more.
func (o *object) finish(ctx context.Context) error {
	o.mu.Lock()
	o.closing = true
	raw, turn := o.detach()
	o.mu.Unlock()
	if err := o.flush(ctx, raw, turn); err != nil {
		return err
	}
	o.flushing.Wait()
	o.mu.Lock()
	if o.raw == 0 { // closed before the first line came
		o.mu.Unlock()
		return nil
	}
	o.pushExtra(o.frame.trailer())
	var last Segments
	if o.segLen > 0 {
		last = o.takePart()
	}
	n := o.parts
	o.mu.Unlock()
	if last != nil {
		if err := o.send(ctx, n, last); err != nil {
			return err
		}
	}
	o.sending.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// journalLine is what the journal says of a finished object.
func (o *object) journalLine() JournalObject {
	o.mu.Lock()
	defer o.mu.Unlock()
	j := JournalObject{Upload: o.upload, Output: o.out.Name, Codec: o.codec.name, Path: o.at.path, Size: o.size, Raw: o.raw, Records: o.records}
	if o.lines != o.records {
		j.Lines = o.lines
	}
	return j
}
