package kinesisfake

import (
	"fmt"
	"regexp"
	"time"
)

var streamName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,128}$`)

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html
func (s *Server) createStream(now time.Time, in *struct {
	StreamName         string
	ShardCount         int
	MaxRecordSizeInKiB int
}) (any, error) {
	return nil, s.create(now, in.StreamName, in.ShardCount, in.MaxRecordSizeInKiB, s.opts.CreateDelay)
}

func (s *Server) create(now time.Time, name string, shards, recordKiB int, delay time.Duration) error {
	if recordKiB == 0 {
		recordKiB = s.opts.MaxRecordKiB
	}
	switch {
	case !streamName.MatchString(name):
		return validation("streamName", "'"+name+"'", "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
	case shards < 1:
		return validation("shardCount", fmt.Sprintf("'%d'", shards), "Member must have value greater than or equal to 1")
	case recordKiB < 1024 || recordKiB > defaultRecordKiB:
		return validation("maxRecordSizeInKiB", fmt.Sprintf("'%d'", recordKiB), "Member must have value between 1024 and 10240")
	}
	if err := s.room(now, shards); err != nil {
		return err
	}
	if _, err := s.lookup(now, name); err == nil {
		return refuse("ResourceInUseException", "Stream %s under account %s already exists.", name, account)
	}
	st := &stream{name: name, created: now.UnixMilli(), ready: now.Add(delay), maxRecord: recordKiB << 10}
	epoch := s.nextEpoch(now, 0)
	for i := range shards {
		lo, hi := evenRange(i, shards)
		st.shards = append(st.shards, newShard(uint32(i), lo, hi, epoch, st.created))
	}
	st.open = append(st.open, st.shards...)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams[name] != nil {
		return refuse("ResourceInUseException", "Stream %s under account %s already exists.", name, account)
	}
	s.created++
	st.id = s.created
	s.streams[name] = st
	return nil
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeleteStream.html
func (s *Server) deleteStream(now time.Time, in *target) (any, error) {
	st, err := s.find(now, *in)
	if err != nil {
		return nil, err
	}
	st.mu.Lock()
	if st.gone.IsZero() {
		st.gone = now.Add(s.opts.CreateDelay)
	}
	st.mu.Unlock()
	_, _ = s.lookup(now, st.name) // with no delay this removes it
	return nil, nil
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SplitShard.html
func (s *Server) splitShard(now time.Time, in *struct {
	target
	ShardToSplit, NewStartingHashKey string
}) (any, error) {
	st, err := s.find(now, in.target)
	if err != nil {
		return nil, err
	}
	key, ok := parseHash(in.NewStartingHashKey)
	if !ok {
		return nil, validation("newStartingHashKey", "'"+in.NewStartingHashKey+"'",
			`Member must satisfy regular expression pattern: 0|([1-9]\d{0,38})`)
	}
	return nil, s.split(now, st, in.ShardToSplit, &key, s.opts.CreateDelay)
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_MergeShards.html
func (s *Server) mergeShards(now time.Time, in *struct {
	target
	ShardToMerge, AdjacentShardToMerge string
}) (any, error) {
	st, err := s.find(now, in.target)
	if err != nil {
		return nil, err
	}
	return nil, s.merge(now, st, in.ShardToMerge, in.AdjacentShardToMerge, s.opts.CreateDelay)
}
