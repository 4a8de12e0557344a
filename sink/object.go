package sink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"standpipe/sink/parquet"
)

const (
	chunkSize  = 256 << 10                    // bytes that a reading hands over at once, and most codecs compress in one piece
	partSize   = 5 << 20                      // S3's minimum for all parts but the last
	objectCost = 2 << 10                      // what an object costs in memory besides its bytes
	smallPart  = partSize * 4 / smallRequests // what a part counts at least among those under way; Options.Uploads is 4
)

var errClosed = errors.New("object takes no more")

// object is one S3 object while a batch is open. Shard goroutines append lines or rows to it, its encoder makes a file of
// them on those goroutines, and parts of the file leave for S3; none of it is visible before the batch is committed.
type object struct {
	s      *Sink
	b      *batch
	out    *Output
	format *parquet.Format // nil for lines
	at     objectKey
	enc    encoder

	touched atomic.Int64 // the sink's count of appends when this object was last written
	held    atomic.Int64 // bytes in memory, counted in the budget

	creating chan struct{} // holds a token while the upload is being created
	flushing sync.WaitGroup
	sending  sync.WaitGroup

	mu      sync.Mutex
	upload  Upload
	closing bool
	seg     Segments // the part being filled
	segLen  int64
	whole   []part // parts that are to be sent
	parts   int32
	raw     int64
	size    int64
	records int64
	lines   int64 // line ends
	err     error
}

// part is a whole part of the file.
type part struct {
	n    int32
	body Segments
}

func (o *object) hold(n int64) {
	o.held.Add(n)
	o.s.memory.Add(n)
}

// append adds what a reading has. It encodes and uploads on the caller's goroutine when that is due, which is the
// back-pressure. errClosed: ask the batch for another object.
func (o *object) append(ctx context.Context, st *staged) error {
	o.touched.Store(o.s.appends.Add(1))
	ends := int64(bytes.Count(st.lines, []byte{'\n'}))
	o.mu.Lock()
	if o.closing {
		o.mu.Unlock()
		return errClosed
	}
	o.raw += st.raw
	o.records += st.records
	o.lines += ends
	full := o.raw >= o.s.opts.Size
	o.closing = full
	due := o.take(st, full)
	o.mu.Unlock()
	err := o.do(ctx, due)
	if full {
		o.b.isFull(o)
	}
	return err
}

// take hands to the encoder what a reading has. The caller holds o.mu, and must call do with what it got.
func (o *object) take(st *staged, all bool) work {
	due := o.enc.add(st, all)
	if due != nil {
		o.flushing.Add(1)
	}
	return due
}

// do does the encoder's work and sends the parts that are whole.
func (o *object) do(ctx context.Context, due work) error {
	if due == nil {
		return nil
	}
	defer o.flushing.Done()
	if err := due(ctx); err != nil {
		return err
	}
	return o.sendWhole(ctx)
}

// push adds bytes to the file, which the budget counts already. The caller holds o.mu.
func (o *object) push(b []byte) {
	o.seg = append(o.seg, b)
	o.segLen += int64(len(b))
	o.size += int64(len(b))
	if o.segLen >= partSize {
		o.cut()
	}
}

// cut ends the part being filled. The caller holds o.mu.
func (o *object) cut() {
	o.parts++
	o.whole = append(o.whole, part{o.parts, o.seg})
	o.seg, o.segLen = nil, 0
}

// sendWhole sends the parts that are whole.
func (o *object) sendWhole(ctx context.Context) error {
	o.mu.Lock()
	whole := o.whole
	o.whole = nil
	o.mu.Unlock()
	for _, p := range whole {
		if err := o.send(ctx, p.n, p.body); err != nil {
			return err
		}
	}
	return nil
}

// send uploads part n in the background as soon as the parts under way leave room for it.
func (o *object) send(ctx context.Context, n int32, body Segments) error {
	slots := min(max(body.Len(), smallPart), partSize)
	if err := o.s.uploads.Acquire(ctx, slots); err != nil {
		return err
	}
	o.sending.Add(1)
	go func() {
		defer o.sending.Done()
		defer o.s.uploads.Release(slots)
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
	o.hold(-body.held())
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
	due := o.take(nil, true)
	o.mu.Unlock()
	if err := o.do(ctx, due); err != nil {
		return err
	}
	o.flushing.Wait()
	o.mu.Lock()
	empty := o.raw == 0 // closed before anything came
	o.mu.Unlock()
	if empty {
		return nil
	}
	if err := o.enc.end(); err != nil {
		return err
	}
	o.mu.Lock()
	if o.segLen > 0 {
		o.cut()
	}
	o.mu.Unlock()
	if err := o.sendWhole(ctx); err != nil {
		return err
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
	j := JournalObject{Upload: o.upload, Output: o.out.Name, Path: o.at.path, Size: o.size, Raw: o.raw, Records: o.records}
	if o.format != nil {
		j.Format, j.Codec = "parquet", o.format.Codec()
		return j
	}
	j.Codec = o.out.codec().name
	if o.out.Raw || strings.Count(o.out.end(), "\n") != 1 {
		j.Format, j.Lines = rawFormat, o.lines
	} else if o.lines != o.records {
		j.Lines = o.lines
	}
	return j
}

// about is what the footer of a Parquet file says of it.
func (o *object) about() map[string]string {
	about := map[string]string{parquet.MetaApplication: o.s.opts.Application, parquet.MetaBatch: o.b.id}
	if v := o.s.opts.Version; v != "" {
		about[parquet.MetaVersion] = v
	}
	return about
}
