package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"standpipe/consumer"
	"standpipe/sink"
)

// judgeShards proves for each shard that its ranges follow each other, from its beginning or the first journal that is left,
// to its checkpoint.
func (v *verifier) judgeShards(ctx context.Context) error {
	all := map[string]bool{}
	for shard := range v.chains {
		all[shard] = true
	}
	if v.first != nil && !v.windowed() {
		for shard := range v.first.Leases {
			all[shard] = true
		}
	}
	flying := map[string]bool{}
	if v.first != nil {
		for id := range v.first.Batches {
			flying[id] = true
		}
	}
	for _, shard := range slices.Sorted(maps.Keys(all)) {
		if err := v.judgeShard(ctx, shard, flying); err != nil {
			return err
		}
	}
	for _, ref := range v.journals {
		if ref.settled {
			delete(flying, ref.batch)
		}
	}
	v.report.InFlight = len(flying)
	v.judgeNothing()
	return nil
}

// judgeNothing keeps a proof that found no journal from ending well where there should be some: a name that is mistyped
// in the configuration leads to a place where nothing is wrong because nothing is there.
func (v *verifier) judgeNothing() {
	advice := "is leases.application, leases.table or journal.prefix not that of the workers?"
	switch {
	case v.report.Journals > 0 || len(v.report.Counts) > 0:
	case v.first == nil:
		v.problem(Problem{Kind: Nothing, Text: fmt.Sprintf("no journal lies under %s, and there is no lease table: nothing ran by this configuration yet, or %s", v.Journal, advice)})
	case slices.ContainsFunc(v.report.Shards, func(s Shard) bool {
		return s.Verdict == Partly && v.first.Leases[s.Shard].Checkpoint != sink.ShardEnd
	}):
		v.problem(Problem{Kind: Nothing, Text: fmt.Sprintf("no journal lies under %s, though the lease table has checkpoints: they expired or were deleted, no batch is committed yet since the table was taken over, or %s", v.Journal, advice)})
	}
}

func (v *verifier) judgeShard(ctx context.Context, shard string, flying map[string]bool) error {
	c := v.chains[shard]
	if c == nil {
		c = newChain()
	}
	j := &shardProof{v: v, chain: c, stretches: c.stretches(), out: Shard{Shard: shard, Parents: v.parents[shard], Verdict: Fine}}
	j.contiguous()
	j.still()
	if err := j.begin(ctx); err != nil {
		return err
	}
	if err := j.end(ctx); err != nil {
		return err
	}
	if err := j.beyond(ctx, flying); err != nil {
		return err
	}
	switch {
	case v.touched[shard]:
		j.out.Verdict = Wrong
	case c.lossy && j.out.Verdict != Wrong:
		j.out.Verdict = MaybeGap
	}
	if v.windowed() && j.out.Ranges == 0 && j.out.Verdict != Wrong {
		return nil // it had nothing in this time
	}
	v.report.Shards = append(v.report.Shards, j.out)
	return nil
}

// shardProof is what is being proved of one shard.
type shardProof struct {
	v         *verifier
	chain     *chain
	stretches []stretch
	out       Shard
	from, to  string // in words
}

func (j *shardProof) wrong(kind Kind, at link, r Range, format string, args ...any) {
	j.out.Verdict = Wrong
	p := Problem{Kind: kind, Ranges: []Range{r}, Text: fmt.Sprintf("shard %s: ", j.out.Shard) + fmt.Sprintf(format, args...)}
	if at.journal >= 0 {
		ref := j.v.journals[at.journal]
		p.Batch, p.Journal = ref.batch, j.v.journalAddress(ref)
	}
	j.v.problem(p)
}

// partly notes that something could not be proved.
func (j *shardProof) partly() {
	if j.out.Verdict == Fine {
		j.out.Verdict = Partly
	}
}

// contiguous looks at the seams between stretches: a sound history has none.
func (j *shardProof) contiguous() {
	for i, s := range j.stretches {
		j.out.Ranges += s.ranges
		j.out.Records += s.records
		if s.ranges > 0 && (j.out.First.IsZero() || s.first.cut.Before(j.out.First)) {
			j.out.First = s.first.cut
		}
		if s.ranges > 0 && s.last.cut.After(j.out.Last) {
			j.out.Last = s.last.cut
		}
		if i == 0 {
			j.out.After, j.out.Through = s.after, s.through
			continue
		}
		before := j.furthest(i)
		batch := j.v.journals[s.first.journal].batch
		switch d := compare(before.through, s.after); {
		case d < 0 && (s.first.cut.Before(j.v.From) || !j.v.To.IsZero() && !before.last.cut.Before(j.v.To)):
			// not within the time asked for
		case d < 0:
			j.wrong(Gap, s.first, Range{j.out.Shard, before.through, s.after}, "no journal says what became of the records in (%s, %s], between batches %s and %s: a journal was deleted, or records are lost",
				before.through, s.after, j.v.journals[before.last.journal].batch, batch)
		case d > 0 || isStart(s.after):
			end := before.through
			if compare(s.through, end) < 0 {
				end = s.through
			}
			j.wrong(Overlap, s.first, Range{j.out.Shard, s.after, end}, "the records in (%s, %s] are there twice: batch %s begins behind %s although another one has delivered up to %s",
				s.after, end, batch, s.after, before.through)
		}
		if compare(s.through, j.out.Through) > 0 {
			j.out.Through = s.through
		}
	}
}

// furthest is the stretch before the i-th that reaches furthest.
func (j *shardProof) furthest(i int) stretch {
	return slices.MaxFunc(j.stretches[:i], func(a, b stretch) int { return compare(a.through, b.through) })
}

// still looks at ranges that hold records and do not move: the rest of an aggregate that another KCL application had
// delivered in part. There can be one, in front of everything.
func (j *shardProof) still() {
	for i, s := range j.chain.still {
		j.out.Ranges += s.ranges
		j.out.Records += s.records
		if i > 0 || len(j.stretches) > 0 && compare(s.after, j.stretches[0].after) > 0 {
			j.wrong(Overlap, s.first, Range{j.out.Shard, s.after, s.through}, "batch %s holds records at %s, which another batch has delivered", j.v.journals[s.first.journal].batch, s.after)
		}
		if j.out.Through == "" {
			j.out.After, j.out.Through = s.after, s.through
		}
	}
}

// begin looks at where the chain begins, and at the shard's parents.
func (j *shardProof) begin(ctx context.Context) error {
	switch {
	case j.out.After == "":
		j.from = "nothing"
	case isStart(j.out.After):
		j.from = "from its beginning"
	case j.v.windowed():
		j.from = "from a batch of before that time"
	default:
		j.from = "from " + short(j.out.After) + ", where the journals begin,"
		j.partly()
	}
	row, err := j.v.row(ctx, j.out.Shard)
	if err != nil {
		return err
	}
	moved := j.out.After != "" || len(j.chain.newer) > 0 || row != nil && !isStart(row.Checkpoint)
	if !moved {
		return nil
	}
	j.front(row)
	for _, parent := range j.v.parents[j.out.Shard] {
		if err := j.parent(ctx, parent); err != nil {
			return err
		}
	}
	return nil
}

// front looks whether the shard's first journals can have expired. Those of before can: all of them, the oldest first. A
// shard is read after its parents' ends, so where the journal of such an end is there, those of the shard are too.
func (j *shardProof) front(row *consumer.Lease) {
	to := j.out.After
	if to == "" && row != nil && (row.Checkpoint != sink.ShardEnd || !row.Time.IsZero()) { // a bare end leaves no journal
		to = row.Checkpoint
	}
	if to == "" || isStart(to) || j.v.windowed() {
		return
	}
	for _, parent := range j.v.parents[j.out.Shard] {
		c := j.v.chains[parent]
		if c == nil {
			continue
		}
		for _, s := range c.stretches() {
			if s.through == sink.ShardEnd {
				j.wrong(Gap, s.last, Range{j.out.Shard, trimHorizon, to}, "no journal says what became of its records up to %s, although that of the end of its parent %s is there: a journal was deleted, or records are lost", to, parent)
				return
			}
		}
	}
}

// parent looks whether a shard was read although its parent has not been read to its end. The table is read row by row, so
// the parent's row is asked for again before that is said.
func (j *shardProof) parent(ctx context.Context, parent string) error {
	if c := j.v.chains[parent]; c != nil {
		if slices.ContainsFunc(c.stretches(), func(s stretch) bool { return s.through == sink.ShardEnd }) {
			return nil
		}
	}
	if j.v.first == nil {
		return nil
	}
	row, err := j.v.row(ctx, parent)
	if err == nil && row != nil && row.Checkpoint != sink.ShardEnd {
		row, err = j.v.Table.Lease(ctx, parent)
	}
	if err != nil {
		return fmt.Errorf("find out how far shard %s is: %w", parent, err)
	}
	if row == nil || row.Checkpoint == sink.ShardEnd {
		return nil
	}
	at := link{journal: -1}
	if len(j.stretches) > 0 {
		at = j.stretches[0].first
	}
	j.wrong(Parent, at, Range{j.out.Shard, j.out.After, j.out.Through}, "it was read although its parent %s has been read up to %s only, not to its end", parent, row.Checkpoint)
	return nil
}

// end compares the end of the chain with the shard's checkpoint.
func (j *shardProof) end(ctx context.Context) error {
	row, err := j.v.row(ctx, j.out.Shard)
	if err != nil {
		return err
	}
	last := link{journal: -1}
	if n := len(j.stretches); n > 0 {
		last = j.furthest(n).last
	}
	through := j.out.Through
	switch {
	case through == sink.ShardEnd:
		j.to = "to its end"
	case j.v.first == nil:
		j.to = "to the newest journal"
		j.partly()
	case row == nil:
		j.to = "to the newest journal; its row is gone, as that of an ended shard may be"
		j.partly()
	case !j.v.To.IsZero():
		j.to = "to a batch of before the end of that time"
	case through == "" && isStart(row.Checkpoint):
		j.from, j.to = "nothing", "delivered yet"
	case through == "" && row.Checkpoint == sink.ShardEnd:
		j.from, j.to = "ended;", "no journal is left, or it had no records"
		j.partly()
	case through == "" && j.v.windowed():
		j.to = "delivered in that time"
	case through == "":
		j.from, j.to = "no journal", "is left of what was delivered up to its checkpoint"
		j.partly()
	case through == row.Checkpoint:
		j.to = "to its checkpoint"
	case row.Checkpoint == sink.ShardEnd && row.Time.IsZero(): // a bare end leaves no journal, and no time in the row
		j.to = "to its end"
	case compare(through, row.Checkpoint) < 0:
		j.wrong(Gap, last, Range{j.out.Shard, through, row.Checkpoint}, "its checkpoint is %s, and no journal says what became of the records behind %s: a journal was deleted, or records are lost", row.Checkpoint, through)
	default:
		j.wrong(Checkpoint, last, Range{j.out.Shard, row.Checkpoint, through}, "its checkpoint %s lies within what batch %s has delivered, up to %s: somebody changed the row", row.Checkpoint, j.v.journals[last.journal].batch, through)
	}
	j.out.Proved = j.from + " " + j.to
	if j.out.Verdict == Wrong {
		j.out.Proved = "see below"
	}
	return nil
}

// beyond looks at batches behind the checkpoint that was read first. Each of them was promised: by now it has advanced, is
// still in flight, or was undone. Anything else means that a row was set back.
func (j *shardProof) beyond(ctx context.Context, flying map[string]bool) error {
	for _, s := range j.chain.newer {
		ref := j.v.journals[s.first.journal]
		flying[ref.batch] = true
		ok, err := j.v.underWay(ctx, j.out.Shard, s.through, ref)
		if err != nil {
			return fmt.Errorf("find out what became of batch %s: %w", ref.batch, err)
		}
		if !ok {
			row, err := j.v.Table.Lease(ctx, j.out.Shard)
			if err != nil {
				return err
			}
			at := "no row"
			if row != nil {
				at = row.Checkpoint
			}
			j.wrong(Checkpoint, s.first, Range{j.out.Shard, s.after, s.through}, "batch %s has delivered (%s, %s], but its checkpoint is %s: somebody set the row back, and these records will be there twice", ref.batch, s.after, s.through, at)
			j.out.Proved = "see below"
		}
	}
	return nil
}

// underWay says whether a batch that was not delivered when verify began is where it may be. Its item is asked for first:
// when that is gone the batch is decided, so that the row read after it shows its end, or its journal has been deleted.
func (v *verifier) underWay(ctx context.Context, shard, through string, ref journalRef) (bool, error) {
	item, err := v.Table.Item(ctx, ref.batch)
	if err != nil || item != nil {
		return item != nil, err
	}
	row, err := v.Table.Lease(ctx, shard)
	if err != nil || row != nil && compare(through, row.Checkpoint) <= 0 {
		return err == nil, err
	}
	_, err = v.Store.Head(ctx, v.Journal.Bucket, ref.key)
	if errors.Is(err, sink.ErrNotFound) {
		return true, nil
	}
	return false, err
}

// short shows a position as far as a table has room for.
func short(p string) string {
	if len(p) > 16 {
		return p[:4] + "…" + p[len(p)-8:]
	}
	return p
}
