package kinesisfake

import (
	"fmt"
	"iter"
	"time"
)

// Record is one record as the server keeps it, also after its retention.
type Record struct {
	Shard        string
	Sequence     string
	PartitionKey string
	Data         []byte // the server's own memory: not to be written to
	Arrival      time.Time
}

// Shard is a shard as the server knows it.
type Shard struct {
	ID                       string
	Parent, AdjacentParent   string // empty: none
	StartingHash, EndingHash string // decimal, inclusive
	Start                    string // starting sequence number, below that of every record
	End                      string // ending sequence number; empty while the shard is open
	Records                  int    // ever put
}

// CreateStream makes a stream that is ACTIVE at once.
func (s *Server) CreateStream(name string, shards int) error {
	if err := s.create(s.opts.Now(), name, shards, 0, 0); err != nil {
		return fmt.Errorf("create stream %s: %w", name, err)
	}
	return nil
}

// Put stores one record at once, without write limits. data is copied.
func (s *Server) Put(stream, partitionKey string, data []byte) (shard, seq string, err error) {
	now := s.opts.Now()
	st, err := s.lookup(now, stream)
	if err != nil {
		return "", "", fmt.Errorf("put into %s: %w", stream, err)
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	if refused := st.usable(now); refused != nil {
		return "", "", fmt.Errorf("put into %s: %w", stream, refused)
	}
	if data == nil {
		data = []byte{}
	}
	e := putEntry{Data: data, PartitionKey: partitionKey}
	h, err := e.hash(st)
	if err != nil {
		return "", "", fmt.Errorf("put into %s: %w", stream, err)
	}
	sh := st.route(h)
	return sh.id, sh.append(now, partitionKey, data).String(), nil
}

// Split divides an open shard in the middle of its hash range, at once, and names the children.
func (s *Server) Split(name, shard string) (left, right string, err error) {
	children, err := s.reshard(name, func(now time.Time, st *stream) error { return s.split(now, st, shard, nil, 0) }, shard)
	if err != nil {
		return "", "", fmt.Errorf("split %s of %s: %w", shard, name, err)
	}
	return children[0].id, children[1].id, nil
}

// Merge joins two open shards with adjacent hash ranges, at once, and names the child, whose ParentShardId is a
// and whose AdjacentParentShardId is b.
func (s *Server) Merge(name, a, b string) (child string, err error) {
	children, err := s.reshard(name, func(now time.Time, st *stream) error { return s.merge(now, st, a, b, 0) }, a)
	if err != nil {
		return "", fmt.Errorf("merge %s and %s of %s: %w", a, b, name, err)
	}
	return children[0].id, nil
}

// reshard applies a change and gives the children of one of its parents.
func (s *Server) reshard(name string, change func(time.Time, *stream) error, parent string) ([]*shard, error) {
	now := s.opts.Now()
	st, err := s.lookup(now, name)
	if err != nil {
		return nil, err
	}
	if err := change(now, st); err != nil {
		return nil, err
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	sh := st.shard(parent, s.cutoff(now))
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.children, nil
}

// Shards are all shards a stream ever had, by id; those whose records have all expired too.
func (s *Server) Shards(stream string) ([]Shard, error) {
	all, err := s.allShards(stream)
	if err != nil {
		return nil, fmt.Errorf("list shards of %s: %w", stream, err)
	}
	shards := make([]Shard, len(all))
	for i, sh := range all {
		info := infoOf(sh)
		sh.mu.Lock()
		n := int(sh.log.n)
		sh.mu.Unlock()
		shards[i] = Shard{
			ID: sh.id, Parent: sh.parent, AdjacentParent: sh.adjacent,
			StartingHash: info.HashKeyRange.StartingHashKey, EndingHash: info.HashKeyRange.EndingHashKey,
			Start: info.SequenceNumberRange.StartingSequenceNumber, End: info.SequenceNumberRange.EndingSequenceNumber,
			Records: n,
		}
	}
	return shards, nil
}

// Records are all records ever put into a stream, shard by shard in sequence order: the truth for a checker. It
// may run beside puts; what is put into a shard after the shard's turn began is left out. An unknown stream
// gives one error and no record.
func (s *Server) Records(stream string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		shards, err := s.allShards(stream)
		if err != nil {
			yield(Record{}, fmt.Errorf("list records of %s: %w", stream, err))
			return
		}
		for _, sh := range shards {
			sh.mu.Lock()
			segments, _, _ := sh.log.take(0, int(sh.log.n), int(^uint(0)>>1))
			sh.mu.Unlock()
			index := uint64(0)
			for _, seg := range segments {
				for i := range seg.ends {
					ms, key, data := seg.record(i)
					r := Record{sh.id, sh.sequenceOf(index, ms).String(), string(key), data, time.UnixMilli(ms).UTC()}
					if !yield(r, nil) {
						return
					}
					index++
				}
			}
		}
	}
}

func (s *Server) allShards(name string) ([]*shard, error) {
	st, err := s.lookup(s.opts.Now(), name)
	if err != nil {
		return nil, err
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	return append([]*shard(nil), st.shards...), nil
}
