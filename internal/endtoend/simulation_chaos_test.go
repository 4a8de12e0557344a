package endtoend

import (
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"standpipe/internal/dynamofake"
	"standpipe/internal/faults"
)

// chaos decides about every call. Each worker's calls of each kind have random numbers of their own, so that
// what hits a worker's third intent does not depend on what the others do meanwhile.
type chaos struct {
	sim  *simulation
	seed uint64
	rate int // one call in so many meets a fault, of those in seldom one in five times as many

	mu       sync.Mutex
	over     bool
	draws    map[string]*rand.Rand
	away     map[string]time.Time // services that do not answer, until when
	slowS3   time.Time            // until then
	mutes    []spell              // workers whose heartbeats fail
	acquired time.Time            // by then every acquisition that met a fault has arrived
	toss     *toss
	old      *straggler
}

// seldom are the calls that are made all the time and decide nothing by themselves.
var seldom = map[string]bool{
	"heartbeat": true, "Scan": true, "GetItem": true, "GetRecords": true, "GetShardIterator": true, "ListShards": true, "DescribeStreamSummary": true,
	"CreateTable": true, "DescribeTable": true, "CreateMultipartUpload": true, "UploadPart": true,
}

// mishap is one way in which a call goes wrong.
type mishap struct {
	name string
	do   func(c *chaos, rng *rand.Rand, call faults.Call, next func()) error
}

func (c *chaos) calm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
}

// draw gives the random numbers of a kind of call of a worker.
func (c *chaos) draw(call faults.Call) *rand.Rand {
	key := call.Header.Get(senderHeader) + " " + actOf(call)
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.draws[key]
	if r == nil {
		h := fnv.New64a()
		_, _ = h.Write([]byte(key))
		r = rand.New(rand.NewPCG(c.seed, h.Sum64()))
		c.draws[key] = r
	}
	return rand.New(rand.NewPCG(r.Uint64(), r.Uint64())) // for this call alone
}

func (c *chaos) decide(call faults.Call, next func()) error {
	rng := c.draw(call)
	c.mu.Lock()
	now := time.Now()
	over, away, slow := c.over, now.Before(c.away[call.Service]), now.Before(c.slowS3) && call.Service == "s3"
	mute := actOf(call) == "heartbeat" && c.muted(call.Header.Get(senderHeader), now)
	toss, old := c.toss, c.old
	c.mu.Unlock()
	switch {
	case over:
		return nil
	case away:
		time.Sleep(upTo(rng, 2*time.Second))
		return faults.ErrLost
	case mute:
		return serverError(call)
	case slow:
		time.Sleep(upTo(rng, 6*time.Second))
	}
	for _, event := range []func(faults.Call, func()) (error, bool){toss.decide, old.decide} {
		if answer, mine := event(call, next); mine {
			return answer
		}
	}
	rate := c.rate
	switch {
	case seldom[actOf(call)]:
		rate *= 5
	case call.Op == "HeadObject": // comes only after a fault
		rate = 2
	}
	if rng.IntN(rate) != 0 {
		return nil
	}
	f := c.choose(rng, call)
	if actOf(call) == "acquire" {
		c.mu.Lock()
		c.acquired = now.Add(longest)
		c.mu.Unlock()
	}
	c.sim.sum.count(f.name)
	c.sim.log("%s: %s of %s by %s", f.name, actOf(call), call.Object, call.Header.Get(senderHeader))
	return f.do(c, rng, call, next)
}

// choose takes a fault that the call can meet: half of the time one of its own kind, if there are any.
func (c *chaos) choose(rng *rand.Rand, call faults.Call) mishap {
	own, known := special[actOf(call)]
	if !known {
		own = special[call.Op]
	}
	if len(own) > 0 && rng.IntN(2) == 0 {
		return own[rng.IntN(len(own))]
	}
	return anywhere[rng.IntN(len(anywhere))]
}

func serverError(call faults.Call) error {
	if call.Service == "s3" {
		return &faults.Error{Status: http.StatusInternalServerError, Code: "InternalError", Message: "We encountered an internal error. Please try again."}
	}
	return &faults.Error{Status: http.StatusInternalServerError, Code: "InternalServerError"}
}

func throttled(call faults.Call) error {
	switch call.Service {
	case "s3":
		return &faults.Error{Status: http.StatusServiceUnavailable, Code: "SlowDown"}
	case "dynamodb":
		return dynamofake.Throttled()
	}
	return &faults.Error{Status: http.StatusBadRequest, Code: "ProvisionedThroughputExceededException"}
}

// longest is how long a request may be under way.
const longest = 40 * time.Second

var lateArrival = mishap{"late arrival", func(_ *chaos, rng *rand.Rand, _ faults.Call, next func()) error {
	wait := upTo(rng, longest)
	go func() {
		time.Sleep(wait)
		next()
	}()
	return faults.ErrLost
}}

var anywhere = []mishap{
	{"server error", func(_ *chaos, rng *rand.Rand, call faults.Call, next func()) error {
		if rng.IntN(2) == 0 { // S3 and DynamoDB: the request may have taken effect all the same
			next()
		}
		return serverError(call)
	}},
	{"throttled", func(_ *chaos, _ *rand.Rand, call faults.Call, _ func()) error { return throttled(call) }},
	{"request lost", func(*chaos, *rand.Rand, faults.Call, func()) error { return faults.ErrLost }},
	{"answer lost", func(_ *chaos, _ *rand.Rand, _ faults.Call, next func()) error {
		next()
		return faults.ErrLost
	}},
	{"slow request", func(_ *chaos, rng *rand.Rand, _ faults.Call, _ func()) error {
		time.Sleep(upTo(rng, 10*time.Second)) // beyond the time that a sender waits, too
		return nil
	}},
	{"slow answer", func(_ *chaos, rng *rand.Rand, _ faults.Call, next func()) error {
		next()
		time.Sleep(upTo(rng, 25*time.Second))
		return nil
	}},
	lateArrival,
}

// special are the faults that only some calls can meet, or should meet more often, by act or operation.
var special = map[string][]mishap{
	"heartbeat": nil, // it has no condition
	"release":   {lateArrival, lateArrival, ownSuccess(conditionFailed)},
	"TransactWriteItems": {
		{"TransactionConflict", func(_ *chaos, rng *rand.Rand, call faults.Call, _ func()) error {
			return cancelled(rng, call, "TransactionConflict")
		}},
		{"TransactionInProgress", func(_ *chaos, rng *rand.Rand, _ faults.Call, next func()) error {
			wait := upTo(rng, 4*time.Second)
			go func() { // it is, and will end
				time.Sleep(wait)
				next()
			}()
			return dynamofake.InProgress()
		}},
		ownSuccess(func(rng *rand.Rand, call faults.Call) error {
			reasons := make([]string, 1+strings.Count(call.Object, ","))
			for i := range reasons {
				reasons[i] = "None"
			}
			reasons[0] = "ConditionalCheckFailed" // of the batch item, which is there, or gone, by one's own doing
			return dynamofake.Canceled(reasons...)
		}),
	},
	"UpdateItem": {ownSuccess(conditionFailed), {"TransactionConflict", func(*chaos, *rand.Rand, faults.Call, func()) error { return dynamofake.Conflict() }}},
	"PutItem":    {ownSuccess(conditionFailed)},
	"CompleteMultipartUpload": {
		{"error inside a 200", func(_ *chaos, rng *rand.Rand, _ faults.Call, next func()) error {
			if rng.IntN(2) == 0 {
				next()
			}
			return &faults.Error{Status: http.StatusOK, Code: "InternalError", Message: "We encountered an internal error. Please try again."}
		}},
		{"InvalidPart", func(*chaos, *rand.Rand, faults.Call, func()) error {
			return &faults.Error{Status: http.StatusBadRequest, Code: "InvalidPart", Message: "One or more of the specified parts could not be found."}
		}},
		{"vanished upload", func(c *chaos, rng *rand.Rand, call faults.Call, next func()) error {
			c.vanishBatch(call, rng.IntN(2) == 0)
			return nil
		}},
		{"vanished upload", func(c *chaos, rng *rand.Rand, call faults.Call, next func()) error {
			c.vanishBatch(call, rng.IntN(2) == 0)
			return nil
		}},
	},
	"HeadObject": {{"HEAD 403", func(*chaos, *rand.Rand, faults.Call, func()) error {
		return &faults.Error{Status: http.StatusForbidden, Code: "Forbidden"}
	}}},
	"GetRecords": {{"expired iterator", func(*chaos, *rand.Rand, faults.Call, func()) error {
		return &faults.Error{Status: http.StatusBadRequest, Code: "ExpiredIteratorException", Message: "Iterator expired."}
	}}},
}

// ownSuccess is what a layer below, which repeats a request whose answer it lost, makes of a write with a condition.
func ownSuccess(answer func(*rand.Rand, faults.Call) error) mishap {
	return mishap{"ConditionalCheckFailed on one's own success", func(_ *chaos, rng *rand.Rand, call faults.Call, next func()) error {
		next()
		return answer(rng, call)
	}}
}

func conditionFailed(*rand.Rand, faults.Call) error {
	return &faults.Error{Status: http.StatusBadRequest, Code: "ConditionalCheckFailedException", Message: "The conditional request failed"}
}

func cancelled(rng *rand.Rand, call faults.Call, code string) error {
	reasons := make([]string, 1+strings.Count(call.Object, ","))
	for i := range reasons {
		reasons[i] = "None"
	}
	reasons[rng.IntN(len(reasons))] = code
	return dynamofake.Canceled(reasons...)
}
