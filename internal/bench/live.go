package main

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"standpipe/internal/dynamofake"
	"standpipe/internal/faults"
	"standpipe/internal/kinesisfake"
	"standpipe/internal/pause"
	"standpipe/internal/s3fake"
)

// How long answers take, about as on AWS from within a region. Those of Kinesis come later than what they tell; S3 and
// DynamoDB do later what they answer at once then.
const (
	kinesisTakes  = 15 * time.Millisecond
	dynamoTakes   = 8 * time.Millisecond
	s3Takes       = 30 * time.Millisecond
	completeTakes = 80 * time.Millisecond // CompleteMultipartUpload
)

func answersTakeTime(ctx context.Context, kinesis *kinesisfake.Server, dynamo *dynamofake.Server, store *s3fake.Server) {
	before := func(d time.Duration) faults.Hook {
		return func(faults.Call, func()) error {
			_ = pause.For(ctx, d) // all ends with it
			return nil
		}
	}
	kinesis.Control("", func(_ faults.Call, next func()) error {
		next()
		_ = pause.For(ctx, kinesisTakes)
		return nil
	})
	dynamo.Control("", before(dynamoTakes))
	store.Control("", before(s3Takes))
	store.Control("CompleteMultipartUpload", before(completeTakes))
}

const (
	recordBytes = 1 << 10 // of a live stream: as many as a shard takes, 1,000 a second
	perShard    = 1000
	beat        = 10 * time.Millisecond
	warmUp      = 10 * time.Second
	lookEvery   = 20 * time.Millisecond
	stampDigits = 19
	stampStart  = `{"t":`
)

// latencies are of the records that count: from the put to the first look that finds them in an object.
type latencies struct {
	Over          bool // no more are put that count
	Put, Seen     int
	Twice         int // that were seen again
	P50, P99, Max time.Duration
	Trouble       string
}

// sightings knows when the records of a live stream were put, and when they could be read.
type sightings struct {
	mu   sync.Mutex
	put  map[int64]bool // when, in nanoseconds since 1970; true when it was seen
	took []time.Duration
	more int
	over bool
	err  error
}

// live puts 1 MB a second into each shard, and looks what becomes visible in S3, until ctx ends.
func live(ctx context.Context, c benchCase, kinesis *kinesisfake.Server, store *s3fake.Server) (*sightings, error) {
	keys := map[string]string{}
	for i := 0; len(keys) < c.Shards; i++ {
		key := strconv.Itoa(i)
		shard, _, err := kinesis.Put(stream, key, []byte(stampStart+"0}"))
		if err != nil {
			return nil, err
		}
		keys[shard] = key
	}
	s := &sightings{put: map[int64]bool{}}
	go func() {
		filler := `,"text":"` + filling(recordBytes-stampDigits-len(stampStart)-len(`,"text":""}`)) + `"}`
		start := time.Now()
		last := start.UnixNano()
		for n := 0; ctx.Err() == nil; {
			// A beat that was missed is made up for, as a producer with a queue does.
			for due := int(time.Since(start).Seconds() * perShard); n < due; n++ {
				for _, key := range keys {
					last = max(last+1, time.Now().UnixNano())
					s.note(last, time.Since(start), c.Counted)
					if _, _, err := kinesis.Put(stream, key, fmt.Appendf(nil, "%s%d%s", stampStart, last, filler)); err != nil {
						s.fail(err)
						return
					}
				}
			}
			_ = pause.For(ctx, beat)
		}
	}()
	go s.look(ctx, store)
	return s, nil
}

// note takes down a record that is about to be put, so long after the first one.
func (s *sightings) note(put int64, since, counted time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over = since >= warmUp+counted; since >= warmUp && !s.over {
		s.put[put] = false
	}
}

// filling is text that compresses about as well as an access log.
func filling(n int) string {
	g := newGenerator(n + 200)
	return strings.ReplaceAll(string(g.record()), `"`, "'")[:n]
}

func (s *sightings) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// look reads each object once, as soon as it is there.
func (s *sightings) look(ctx context.Context, store *s3fake.Server) {
	known := map[string]bool{}
	for pause.For(ctx, lookEvery) == nil {
		at := time.Now()
		for _, o := range store.Objects(bucket) {
			if known[o.Key] || strings.HasPrefix(o.Key, "_standpipe/") {
				continue
			}
			known[o.Key] = true
			if err := s.read(store, o.Key, at); err != nil {
				s.fail(fmt.Errorf("read %s: %w", o.Key, err))
			}
		}
	}
}

// read takes note of an object's records, which were visible at a time.
func (s *sightings) read(store *s3fake.Server, key string, at time.Time) error {
	f, err := store.Open(bucket, key)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(z)
	s.mu.Lock()
	defer s.mu.Unlock()
	for lines.Scan() {
		line := lines.Text()
		if len(line) < len(stampStart)+stampDigits {
			continue // of those that found the shards' keys
		}
		put, err := strconv.ParseInt(line[len(stampStart):len(stampStart)+stampDigits], 10, 64)
		if err != nil {
			return err
		}
		switch seen, counts := s.put[put]; {
		case seen:
			s.more++
		case counts:
			s.put[put] = true
			s.took = append(s.took, at.Sub(time.Unix(0, put)))
		}
	}
	return lines.Err()
}

func (s *sightings) latencies() (l latencies) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l = latencies{Over: s.over, Put: len(s.put), Seen: len(s.took), Twice: s.more}
	if s.err != nil {
		l.Trouble = s.err.Error()
	}
	if len(s.took) == 0 {
		return l
	}
	slices.Sort(s.took)
	at := func(share float64) time.Duration { return s.took[int(share*float64(len(s.took)-1))] }
	l.P50, l.P99, l.Max = at(0.5), at(0.99), at(1)
	return l
}
