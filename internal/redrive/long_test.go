package redrive

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"standpipe/consumer"
	"standpipe/internal/s3read"
)

// longRecords is a bucket of objects with a long error record each. It counts how many are read into at once beyond what
// all may take.
type longRecords struct {
	objects   int
	size      int
	deep, max atomic.Int32
}

func (l *longRecords) List(_ context.Context, p s3read.Place, _ string) iter.Seq2[s3read.Object, error] {
	return func(yield func(s3read.Object, error) bool) {
		for i := range l.objects {
			if p.Bucket != "lake" || !yield(s3read.Object{Key: fmt.Sprintf("errors/processing-failed/%d", i), Size: 1, ETag: "e"}, nil) {
				return
			}
		}
	}
}

func (l *longRecords) OpenListed(context.Context, string, s3read.Object) (io.ReadCloser, error) {
	raw := base64.StdEncoding.EncodeToString(make([]byte, l.size))
	return &longBody{l: l, in: strings.NewReader(`{"rawData":"` + raw + `","errorCode":"Standpipe.NotJSON","arrivalTimestamp":1795385722728}` + "\n{}")}, nil
}

type longBody struct {
	l    *longRecords
	in   io.Reader
	read int
	deep bool
}

func (b *longBody) Read(p []byte) (int, error) {
	runtime.Gosched()
	n, err := b.in.Read(p[:min(len(p), 64<<10)])
	if b.read += n; b.read > maxShort && !b.deep {
		b.deep = true
		now := b.l.deep.Add(1)
		for old := b.l.max.Load(); now > old && !b.l.max.CompareAndSwap(old, now); old = b.l.max.Load() {
			continue
		}
	}
	return n, err
}

func (b *longBody) Close() error {
	if b.deep {
		b.l.deep.Add(-1)
	}
	return nil
}

// emptyTable has no rows.
type emptyTable struct{ Table }

func (emptyTable) Snapshot(context.Context) (*consumer.Snapshot, error) {
	return &consumer.Snapshot{}, nil
}
func (emptyTable) Lease(context.Context, string) (*consumer.Lease, error) { return nil, nil }

type noSteps struct{ Chain }

func (noSteps) Has(after string) bool { return after == "" }

// Sixteen records of 10 MiB read at once, in buffers that double, would be most of a gigabyte that no budget counts.
func TestLongRecordsAreReadOneAtATime(t *testing.T) {
	l := &longRecords{objects: 8, size: 6 << 20}
	o := Options{Source: Source{Place: s3read.Place{Bucket: "lake", Head: "errors/"}}, Redriven: s3read.Place{Bucket: "journal"}, Chain: noSteps{}, Table: emptyTable{}, Store: l, DryRun: true}
	report, err := Run(t.Context(), o)
	if err != nil || report.Records != 8 || report.Broken != 8 { // "{}" is no error record
		t.Fatalf("%+v, %v", report, err)
	}
	if n := l.max.Load(); n != 1 {
		t.Errorf("%d long records were read at once", n)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	cancel()
	if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("of a context that has ended: %v", err)
	}
}
