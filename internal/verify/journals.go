package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"standpipe/sink"
)

// journalRef is a journal that was listed.
type journalRef struct {
	key     string
	size    int64
	batch   string
	named   time.Time // when it was cut, to the second
	settled bool      // its batch had advanced when verify began
	damaged bool
}

func (v *verifier) journalAddress(ref journalRef) string {
	return "s3://" + v.Journal.Bucket + "/" + ref.key
}

// listJournals gives the journals of this application that were cut from a time on and before another one; zero: no limit.
func (v *verifier) listJournals(ctx context.Context, from, to time.Time, take func(journalRef) error) error {
	after := ""
	if !from.IsZero() {
		after = v.Journal.Head + from.UTC().Format(hourPath)
	}
	for o, err := range v.Store.List(ctx, v.Journal, after) {
		if err != nil {
			return fmt.Errorf("list the journals under %s: %w", v.Journal, err)
		}
		id, cut, ok := v.names.ofJournal(strings.TrimPrefix(o.Key, v.Journal.Head))
		if !ok || cut.Before(from.Truncate(time.Second)) || !to.IsZero() && !cut.Before(to) {
			continue
		}
		if err := take(journalRef{key: o.Key, size: o.Size, batch: id, named: cut}); err != nil {
			return err
		}
	}
	return nil
}

// readJournals reads every journal of the time asked for, and some around it, and with Deep the objects they list.
func (v *verifier) readJournals(ctx context.Context) error {
	from, to := v.From, v.To
	if !from.IsZero() {
		from = from.Add(-margin)
	}
	if !to.IsZero() {
		to = to.Add(margin)
	}
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(v.Parallel)
	listed := 0
	err := v.listJournals(inner, from, to, func(ref journalRef) error {
		n := listed
		listed++
		v.remember(ref)
		g.Go(func() error { return v.journal(inner, n, ref) })
		return nil
	})
	if werr := g.Wait(); werr != nil {
		return werr
	}
	if err != nil {
		return err
	}
	for _, e := range v.index.sort() {
		v.listedTwice(e)
	}
	return nil
}

// remember adds a journal to those that are known.
func (v *verifier) remember(ref journalRef) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if id, ok := parseID(ref.batch); ok {
		v.batches[id] = len(v.journals)
	}
	v.journals = append(v.journals, ref)
	if v.earliest.IsZero() || ref.named.Before(v.earliest) {
		v.earliest = ref.named
	}
}

func (v *verifier) journal(ctx context.Context, n int, ref journalRef) error {
	j, err := v.readJournal(ctx, ref)
	defer v.step()
	var bad *damage
	switch {
	case errors.Is(err, sink.ErrNotFound):
		return nil // its batch was undone meanwhile; the chain tells if it was anything else
	case errors.As(err, &bad):
		v.mu.Lock()
		v.journals[n].damaged = true
		v.mu.Unlock()
		if v.asked(ref.named) {
			v.problem(Problem{Kind: Damaged, Batch: ref.batch, Journal: v.journalAddress(ref),
				Text: fmt.Sprintf("journal %s can not be believed: %v", v.journalAddress(ref), bad)})
		}
		return nil
	case err != nil:
		return err
	}
	matters, err := v.addRanges(ctx, n, ref, j)
	if err != nil {
		return err
	}
	return v.addObjects(ctx, n, ref, j, matters)
}

// step tells how many journals have been read.
func (v *verifier) step() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.done++
	v.Progress("journals", v.done, len(v.journals))
}

// readJournal reads and checks a journal. A *damage error says that there is one that makes no sense.
func (v *verifier) readJournal(ctx context.Context, ref journalRef) (*sink.Journal, error) {
	if ref.size > journalMemory {
		return nil, &damage{fmt.Sprintf("it has %d bytes, more than a batch can need", ref.size)}
	}
	weight := max(ref.size, 1)
	if err := v.memory.Acquire(ctx, weight); err != nil {
		return nil, err
	}
	defer v.memory.Release(weight)
	body, err := v.Store.Open(ctx, v.Journal.Bucket, ref.key, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	data := make([]byte, ref.size+1)
	n, err := io.ReadFull(body, data)
	if err == nil {
		return nil, &damage{"it is longer than when it was listed"}
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) && err != io.EOF {
		return nil, err
	}
	data = data[:n]
	j, err := sink.DecodeJournal(data, ref.batch)
	if err != nil {
		return nil, &damage{err.Error()}
	}
	if why := senseless(j); why != "" {
		return nil, &damage{why}
	}
	return j, nil
}

// addRanges puts a batch's ranges into their chains. matters: the batch was delivered before verify began, and is one of
// those asked for.
func (v *verifier) addRanges(ctx context.Context, n int, ref journalRef, j *sink.Journal) (matters bool, err error) {
	settled := make([]bool, len(j.Shards))
	some := len(j.Shards) == 0
	for i, s := range j.Shards {
		if settled[i], err = v.settled(ctx, s.After, s.Shard); err != nil {
			return false, err
		}
		some = some || settled[i]
	}
	asked := v.asked(j.Header.Cut)
	v.mu.Lock()
	v.journals[n].settled = some
	if asked {
		v.report.Journals++
	}
	for i, s := range j.Shards {
		c := v.chains[s.Shard]
		if c == nil {
			c = newChain()
			v.chains[s.Shard] = c
		}
		at := link{n, j.Header.Cut}
		one := stretch{after: s.After, through: s.Through, records: s.Records, first: at, last: at}
		if asked {
			one.ranges = 1
		} else {
			one.records = 0
		}
		if !settled[i] {
			c.newer = append(c.newer, one)
			continue
		}
		c.add(one)
		c.lossy = c.lossy || asked && len(s.Gaps) > 0
	}
	v.mu.Unlock()
	if !asked {
		return false, nil
	}
	for _, s := range j.Shards {
		for _, g := range s.Gaps {
			v.problem(Problem{Kind: Loss, Batch: j.Header.Batch, Journal: v.journalAddress(ref), Ranges: []Range{{s.Shard, s.After, s.Through}},
				Text: fmt.Sprintf("shard %s: records of %s to %s may have left the stream's retention before they were read, as batch %s reports", s.Shard, clock(g.From), clock(g.To), j.Header.Batch)})
		}
	}
	return some, nil
}

// clock prints a time for people.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }
