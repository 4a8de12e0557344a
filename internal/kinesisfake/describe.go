package kinesisfake

import "time"

type description struct {
	StreamName, StreamARN, StreamStatus string
	StreamCreationTimestamp             epochMillis
	StreamModeDetails                   streamMode
	RetentionPeriodHours                int
	EncryptionType                      string
	EnhancedMonitoring                  []struct{ ShardLevelMetrics []string }
}

// describe is what DescribeStream and DescribeStreamSummary share. The caller holds st.mu.
func (s *Server) describe(now time.Time, st *stream) description {
	return description{
		StreamName: st.name, StreamARN: ARN(st.name), StreamStatus: st.status(now),
		StreamCreationTimestamp: epochMillis(st.created), StreamModeDetails: provisioned,
		RetentionPeriodHours: int(s.opts.Retention / time.Hour), EncryptionType: "NONE",
		EnhancedMonitoring: []struct{ ShardLevelMetrics []string }{{[]string{}}},
	}
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStream.html
func (s *Server) describeStream(now time.Time, in *struct {
	target
	ExclusiveStartShardId string
	Limit                 int
}) (any, error) {
	st, err := s.find(now, in.target)
	if err != nil {
		return nil, err
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	var out struct {
		StreamDescription struct {
			description
			HasMoreShards bool
			Shards        []shardInfo
		}
	}
	d := &out.StreamDescription
	d.description = s.describe(now, st)
	var shards []*shard
	if d.StreamStatus != creating {
		shards = st.visible(s.cutoff(now))
	}
	limit := in.Limit
	if limit < 1 || limit > 100 {
		limit = 100
	}
	d.Shards, d.HasMoreShards = infos(shards, in.ExclusiveStartShardId, limit)
	return out, nil
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamSummary.html
func (s *Server) describeStreamSummary(now time.Time, in *target) (any, error) {
	st, err := s.find(now, *in)
	if err != nil {
		return nil, err
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	var out struct {
		StreamDescriptionSummary struct {
			description
			OpenShardCount     int
			ConsumerCount      int
			MaxRecordSizeInKiB int
		}
	}
	d := &out.StreamDescriptionSummary
	d.description = s.describe(now, st)
	if d.StreamStatus != creating {
		d.OpenShardCount = len(st.open)
	}
	d.MaxRecordSizeInKiB = st.maxRecord >> 10
	return out, nil
}
