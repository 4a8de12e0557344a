package kinesisfake

import (
	"sort"
	"time"
)

type hashRange struct{ StartingHashKey, EndingHashKey string }

type sequenceRange struct {
	StartingSequenceNumber string
	EndingSequenceNumber   string `json:",omitempty"`
}

type shardInfo struct {
	ShardId               string
	ParentShardId         string `json:",omitempty"`
	AdjacentParentShardId string `json:",omitempty"`
	HashKeyRange          hashRange
	SequenceNumberRange   sequenceRange
}

type childShard struct {
	HashKeyRange hashRange
	ParentShards []string
	ShardId      string
}

func rangeOf(sh *shard) hashRange { return hashRange{sh.lo.String(), sh.hi.String()} }

func infoOf(sh *shard) shardInfo {
	info := shardInfo{sh.id, sh.parent, sh.adjacent, rangeOf(sh), sequenceRange{StartingSequenceNumber: sh.start().String()}}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.closed != 0 {
		info.SequenceNumberRange.EndingSequenceNumber = sh.closing.String()
	}
	return info
}

// shardFilter selects shards by when they were open.
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ShardFilter.html
type shardFilter struct {
	Type, ShardId string
	Timestamp     *epochMillis
}

func (f *shardFilter) admits(st *stream, cutoff int64) (func(*shard) bool, error) {
	openAt := func(ms int64) func(*shard) bool {
		ms = max(ms, st.created, cutoff)
		return func(sh *shard) bool {
			closed := sh.closedAt()
			return sh.created <= ms && (closed == 0 || closed > ms)
		}
	}
	switch f.Type {
	case "AT_TRIM_HORIZON":
		return openAt(cutoff), nil
	case "FROM_TRIM_HORIZON":
		return func(*shard) bool { return true }, nil
	case "AT_LATEST":
		return func(sh *shard) bool { return sh.closedAt() == 0 }, nil
	case "AFTER_SHARD_ID":
		return func(sh *shard) bool { return sh.id > f.ShardId }, nil
	case "AT_TIMESTAMP", "FROM_TIMESTAMP":
		if f.Timestamp == nil {
			return nil, invalidArgument("Timestamp must be provided with ShardFilter type %s.", f.Type)
		}
		ms := int64(*f.Timestamp)
		if f.Type == "AT_TIMESTAMP" {
			return openAt(ms), nil
		}
		return func(sh *shard) bool { closed := sh.closedAt(); return closed == 0 || closed > ms }, nil
	}
	return nil, validation("shardFilter.type", "'"+f.Type+"'", "Member must satisfy enum value set")
}

type listShardsInput struct {
	target
	NextToken, ExclusiveStartShardId string
	MaxResults                       int
	ShardFilter                      *shardFilter
	StreamCreationTimestamp          *epochMillis
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html
func (s *Server) listShards(now time.Time, in *listShardsInput) (any, error) {
	after := in.ExclusiveStartShardId
	t := in.target
	var token iterator
	if in.NextToken != "" {
		if t.StreamName != "" || after != "" {
			return nil, invalidArgument("NextToken and StreamName cannot be provided together.")
		}
		var ok bool
		if token, ok = parseToken(in.NextToken); !ok {
			return nil, invalidArgument("Invalid NextToken.")
		}
		if now.Sub(token.issued) > tokenLife {
			return nil, refuse("ExpiredNextTokenException", "The NextToken was issued at %s and has expired.", token.issued.UTC())
		}
		t, after = target{StreamName: token.stream}, shardID(token.shard)
	}
	st, err := s.find(now, t)
	if err != nil {
		return nil, err
	}
	if in.NextToken != "" && token.streamID != st.id ||
		in.StreamCreationTimestamp != nil && int64(*in.StreamCreationTimestamp)/1000 != st.created/1000 {
		return nil, noStream(st.name)
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	if status := st.status(now); status != active && status != updating {
		return nil, notActive(st.name, status)
	}
	cutoff := s.cutoff(now)
	admits := func(*shard) bool { return true }
	if in.ShardFilter != nil {
		if admits, err = in.ShardFilter.admits(st, cutoff); err != nil {
			return nil, err
		}
	}
	var shards []*shard
	for _, sh := range st.visible(cutoff) {
		if sh.id > after && admits(sh) {
			shards = append(shards, sh)
		}
	}
	limit := in.MaxResults
	if limit < 1 || limit > 1000 {
		limit = 1000
	}
	var out struct {
		NextToken string `json:",omitempty"`
		Shards    []shardInfo
	}
	out.Shards, _ = infos(shards, "", limit)
	if len(shards) > limit {
		next := iterator{streamID: st.id, issued: now, shard: shards[limit-1].num, stream: st.name}
		out.NextToken = next.encode(kindToken)
	}
	return out, nil
}

// infos describes up to limit shards after the one named.
func infos(shards []*shard, after string, limit int) (described []shardInfo, more bool) {
	shards = shards[sort.Search(len(shards), func(i int) bool { return shards[i].id > after }):]
	described = []shardInfo{}
	for _, sh := range shards[:min(limit, len(shards))] {
		described = append(described, infoOf(sh))
	}
	return described, len(shards) > limit
}
