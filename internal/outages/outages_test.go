//go:build unix

package outages

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plan is how much happens.
type plan struct {
	long    bool
	rate    int           // records a second
	reshard time.Duration // between a split or a merge and the next
}

// rounds are what happens, in an order that is drawn.
func (w *world) rounds() []func() {
	const short = 10 * time.Second
	all := []func(){
		func() { w.storeGone(true, short) },
		func() { w.tablesGone(w.rng.IntN(2) == 0, short) },
		func() { w.streamGone(short) },
		func() { w.cablesCut(short) },
		w.frozenAndKilled,
		w.rollingRestart,
	}
	if w.long {
		const gone = 30 * time.Second
		all = []func(){
			func() { w.storeGone(true, gone) },
			func() { w.storeGone(true, 80*time.Second) },
			func() { w.storeGone(false, gone) },
			func() { w.tablesGone(true, gone) },
			func() { w.tablesGone(false, gone) },
			func() { w.streamGone(gone) },
			func() { w.cablesCut(gone) }, func() { w.cablesCut(gone) }, func() { w.cablesCut(gone) },
			w.frozenAndKilled, w.frozenAndKilled, w.frozenAndKilled, w.frozenAndKilled,
			w.rollingRestart, w.rollingRestart,
			w.stoppedMeanwhile,
		}
	}
	w.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// Three workers under load, with everything around them failing in turn: for ten seconds each with OUTAGES=short, for
// half a minute and more with OUTAGES=long. The processors must be its own, since it looks at times.
func TestEachRecordArrivesOnceWhateverBreaks(t *testing.T) {
	var p plan
	switch os.Getenv("OUTAGES") {
	case "short":
		p = plan{rate: 300, reshard: 7 * time.Second}
	case "long":
		p = plan{long: true, rate: 500, reshard: 11 * time.Second}
	default:
		t.Skip("OUTAGES is neither short (two minutes) nor long: `make outages` runs it")
	}
	w := newWorld(t, p)
	for range members {
		w.start()
	}
	w.eventually("every worker is ready", recoverLimit, w.allReady)
	w.say("%d workers are ready", members)

	load, endLoad := context.WithCancel(t.Context())
	defer endLoad()
	g, ctx := errgroup.WithContext(load)
	g.Go(func() error { return w.truth.run(ctx, p.rate) })
	g.Go(func() error { return w.truth.reshard(ctx, p.reshard, rand.New(rand.NewPCG(w.seed, 3)), w.say) })
	watching, endWatch := context.WithCancel(t.Context())
	var watch errgroup.Group
	watch.Go(func() error { return w.watch(watching) })
	defer func() { // before the workers are gone
		endLoad()
		endWatch()
		_, _ = g.Wait(), watch.Wait()
	}()
	w.eventually("records are put", recoverLimit, func() string {
		if n := w.truth.count(); n < p.rate {
			return fmt.Sprint(n)
		}
		return ""
	})
	w.recovered("start", recoverLimit)

	for _, round := range w.rounds() {
		round()
		if w.Failed() {
			return
		}
		w.must(ctx.Err())
	}

	endLoad()
	w.must(g.Wait())
	w.recovered("all", recoverLimit)
	for _, k := range w.running() {
		code, err := k.terminate()
		w.must(err)
		if code != 0 {
			t.Errorf("%s ended with code %d", k.name, code)
		}
	}
	w.audit()
}

// audit reads bucket and lease table anew, with nothing running.
func (w *world) audit() {
	w.Helper()
	last := newReader(w.reader.s3, w.truth)
	w.must(last.look(w.Context()))
	if faults := last.faults(); faults != "" {
		w.Error(faults)
	}
	put := w.truth.count()
	if n, example := last.missing(put); n > 0 {
		w.Errorf("%d of %d records are missing:%s", n, put, example)
	}
	leases, ended := 0, 0
	for _, row := range w.rows() {
		key, owner, checkpoint := text(row["leaseKey"]), text(row["leaseOwner"]), text(row["checkpoint"])
		switch text(row["entityType"]) {
		case "STANDPIPE_BATCH":
			w.Errorf("batch %s is left behind", key)
		case "LEASE":
			leases++
			if pending := text(row["pendingBatch"]); pending != "" {
				w.Errorf("%s is left pending in %s", pending, key)
			}
			if checkpoint == "SHARD_END" {
				ended++ // it may still name its last owner, for nobody needs it any more
			} else if owner != "" {
				w.Errorf("the lease of %s is left to %s", key, owner)
			}
		}
	}
	for _, k := range w.workers {
		log, err := os.ReadFile(k.Log())
		w.must(err)
		for _, bad := range []string{"panic", "taking the batch back", "fatal error"} {
			if strings.Contains(string(log), bad) {
				w.Errorf("the log of %s has %q", k.name, bad)
			}
		}
	}
	w.say("%d records, each once in each output, in %d objects; %d shards, %d of them read to their end; %d workers ran", put, last.object, leases, ended, len(w.workers))
}

// rows is the lease table.
func (w *world) rows() []map[string]types.AttributeValue {
	w.Helper()
	table := "clicks"
	out, err := w.dynamo.Scan(w.Context(), &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
	w.must(err)
	return out.Items
}

// held is how many shards that are still to be read a worker owns by the table.
func (w *world) held(k *worker) (n int) {
	w.Helper()
	for _, row := range w.rows() {
		if text(row["entityType"]) == "LEASE" && text(row["leaseOwner"]) == k.id() && text(row["checkpoint"]) != "SHARD_END" {
			n++
		}
	}
	return n
}

func text(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}
