package kinesisfake

import (
	"time"

	"standpipe/internal/faults"
)

// Options of a Server. The zero value is a server with AWS's read limits, no write limits and no delays.
type Options struct {
	// Now is the server's clock: arrival times, ages, limits and delays come from it. nil: time.Now.
	// It is called concurrently.
	Now func() time.Time
	// Retention is how long a record can be read. 0: 24 h, AWS's default.
	Retention time.Duration
	// Limits says which throughput limits hold for requests over the wire. nil: reads limited, writes not.
	// The Go API is never limited.
	Limits *Limits
	// CreateDelay is how long a stream stays CREATING, UPDATING or DELETING after a request over the wire.
	// 0: the request takes effect before its answer.
	CreateDelay time.Duration
	// ShardLimit bounds the open shards of all streams together. 0: 10,000.
	ShardLimit int
	// MaxRecordKiB is the largest record (partition key and data, 1024 to 10240) of streams whose creator
	// does not name MaxRecordSizeInKiB. 0: 10240, the most AWS allows; AWS's own default is 1024.
	MaxRecordKiB int
	// EmptyEvery makes each n-th GetRecords of a shard answer without records although there are some, as
	// AWS may ("it might take multiple calls to get to a portion of the shard that contains records").
	// 0: never; otherwise at least 2.
	EmptyEvery int
	// Gate stands in front of the handler. nil: a new one.
	Gate *faults.Gate
}

// Limits are a provisioned shard's throughput limits.
type Limits struct {
	// Read: 5 GetRecords and 5 GetShardIterator a second and 2 MiB/s a shard. One answer may hold 10 MiB;
	// the calls after it are then refused for 5 s.
	Read bool
	// Write: 1 MiB and 1,000 records a second a shard.
	Write bool
}

const (
	defaultRetention  = 24 * time.Hour
	defaultShardLimit = 10_000
	defaultRecordKiB  = 10_240
)

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Retention == 0 {
		o.Retention = defaultRetention
	}
	if o.Limits == nil {
		o.Limits = &Limits{Read: true}
	}
	if o.ShardLimit == 0 {
		o.ShardLimit = defaultShardLimit
	}
	if o.MaxRecordKiB == 0 {
		o.MaxRecordKiB = defaultRecordKiB
	}
	if o.Gate == nil {
		o.Gate = new(faults.Gate)
	}
	return o
}
