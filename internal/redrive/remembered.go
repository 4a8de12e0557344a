package redrive

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"standpipe/internal/s3read"
	"standpipe/sink"
)

// step is one step of the work, as the output of [Remember] has it, one a line: these bytes of this object were redriven.
type step struct {
	V      int     `json:"v,omitempty"` // version of the line: 0 and 1 are this one
	N      int64   `json:"n"`           // counted from 1; the row's checkpoint is that of the last one
	At     int64   `json:"at"`          // when, in milliseconds
	Bucket string  `json:"bucket"`
	Key    string  `json:"key"`
	ETag   string  `json:"etag"`
	Taken  []int64 `json:"taken"`           // where each run of records begins and ends, in the object as decompressed
	Whole  bool    `json:"whole,omitempty"` // with the steps before, all of the object's records
}

// stepVersion grows when a program that knows only the versions below would redrive something wrong on a line's word.
const stepVersion = 1

// known is what was redriven of an object.
type known struct {
	etag  string
	taken ranges
	whole bool
}

// remembered is what was redriven. It is not changed once it was read.
type remembered struct {
	objects map[[16]byte]*known
	steps   ranges    // numbers that are there
	last    int64     // the highest of them
	since   time.Time // of what is older nobody knows; zero where all is known
}

// slack is by how much the clocks of S3 and of those who redrove may differ, and how long a batch may be under way.
const slack = 2 * time.Hour

// remember reads what was redriven.
func remember(ctx context.Context, store Store, from s3read.Place, progress func(done int)) (*remembered, error) {
	m := &remembered{objects: map[[16]byte]*known{}}
	times := map[int64]int64{} // of steps by number, first of an object of lines
	var mu sync.Mutex
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(16)
	done := 0
	err := func() error {
		for o, err := range store.List(inner, from, "") {
			if err != nil {
				return fmt.Errorf("list what was redriven: %w", err)
			}
			g.Go(func() error {
				list, err := readSteps(inner, store, from.Bucket, o)
				if err != nil {
					return fmt.Errorf("read what was redriven in s3://%s/%s: %w: it is needed to redrive nothing twice", from.Bucket, o.Key, err)
				}
				mu.Lock()
				defer mu.Unlock()
				for i := range list {
					if err := m.add(&list[i]); err != nil {
						return fmt.Errorf("read what was redriven in s3://%s/%s: %w", from.Bucket, o.Key, err)
					}
					times[list[i].N] = list[i].At
				}
				done++
				progress(done)
				return nil
			})
		}
		return nil
	}()
	if werr := g.Wait(); werr != nil {
		return nil, werr
	}
	if err != nil {
		return nil, err
	}
	if n := len(m.steps); n > 0 {
		m.last = m.steps[n-1].to - 1
		if first := m.steps[n-1].from; first != 1 {
			m.since = time.UnixMilli(times[first]).Add(slack)
		}
	}
	return m, nil
}

// upTo compares what is remembered with the number of steps that the row says were done. It says from when on error objects
// are known to be redriven or not.
func (m *remembered) upTo(checkpoint string, now time.Time) error {
	n, err := stepsOf(checkpoint)
	switch {
	case err != nil:
		return err
	case m.last > n:
		return fmt.Errorf("the lease table says that %d steps of redriving were done, and step %d is there: somebody set the row back", n, m.last)
	case m.last < n: // the newest are missing
		m.since = now
	}
	return nil
}

// stepsOf is how many steps a checkpoint counts.
func stepsOf(checkpoint string) (int64, error) {
	if checkpoint == beginning {
		return 0, nil
	}
	n, err := strconv.ParseInt(checkpoint, 10, 64)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("the checkpoint of redriving is %.40q, which is no number of steps", checkpoint)
	}
	return n, nil
}

// beginning is the checkpoint of a row by which nothing was redriven.
const beginning = "TRIM_HORIZON"

func (m *remembered) add(s *step) error {
	if s.V > stepVersion {
		return fmt.Errorf("step %d has version %d and this program knows %d, so a newer Standpipe wrote it: upgrade this one (see \"Upgrading\" in docs/operations.md)", s.N, s.V, stepVersion)
	}
	if s.N < 1 || len(s.Taken)%2 != 0 || s.Key == "" {
		return errors.New("a line says nothing that this program has written")
	}
	if m.steps.hold(s.N) {
		return fmt.Errorf("step %d is there twice", s.N)
	}
	m.steps.add(span{s.N, s.N + 1})
	id := idOf(s.Bucket, s.Key)
	k := m.objects[id]
	if k == nil {
		k = &known{etag: s.ETag}
		m.objects[id] = k
	}
	k.whole = k.whole || s.Whole
	for i := 0; i < len(s.Taken); i += 2 {
		k.taken.add(span{s.Taken[i], s.Taken[i+1]})
	}
	return nil
}

// of is what was redriven of an object, nil where nothing was.
func (m *remembered) of(bucket, key string) *known { return m.objects[idOf(bucket, key)] }

func idOf(bucket, key string) [16]byte {
	sum := sha256.Sum256([]byte(bucket + "/" + key))
	return [16]byte(sum[:])
}

// readSteps reads one object of lines.
func readSteps(ctx context.Context, store Store, bucket string, o s3read.Object) ([]step, error) {
	body, err := store.OpenListed(ctx, bucket, o)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	lines, err := content(o.Key, body)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lines.Close() }()
	var all []step
	for dec := json.NewDecoder(lines); ; {
		var s step
		switch err := dec.Decode(&s); {
		case err == io.EOF:
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, s)
	}
}

// record is a step as the sink takes it.
func (s step) record() sink.Record {
	line, _ := json.Marshal(s) // strings and numbers always encode
	return sink.Record{Data: line, Arrival: time.UnixMilli(s.At), Redriven: &sink.Redriven{Output: Output}}
}
