package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"standpipe/sink"
)

// addObjects puts a batch's objects into the index, and with Deep reads them if the batch matters.
func (v *verifier) addObjects(ctx context.Context, n int, ref journalRef, j *sink.Journal, matters bool) error {
	entries := make([]entry, 0, len(j.Objects))
	var lines int64
	for i := range j.Objects {
		o := &j.Objects[i]
		e := entry{name: nameOf(o.Bucket, o.Key), size: o.Size, journal: uint32(n)}
		if matters {
			e.state = wanted
		}
		if matters && v.Deep {
			found, err := v.content(ctx, o)
			switch {
			case errors.Is(err, sink.ErrNotFound):
				v.missing(ref, j, o)
				e.state |= judged
			case err != nil:
				return fmt.Errorf("read object s3://%s/%s: %w", o.Bucket, o.Key, err)
			case found.wrong != "":
				v.accuse(found.kind, ref, j, o, "does not hold what batch "+j.Header.Batch+" wrote: "+found.wrong)
				e.state |= judged
			default:
				e.state |= seen
			}
			lines += found.records
		}
		entries = append(entries, e)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.index.entries = append(v.index.entries, entries...)
	if !matters {
		return nil
	}
	v.report.Lines += lines
	v.report.Objects += len(j.Objects)
	for i := range j.Objects {
		o := &j.Objects[i]
		v.report.Bytes += o.Size
		if v.windowed() && len(v.folders) <= maxFolders {
			head, _, _ := strings.Cut(o.Path, "\x00") // a random string comes there
			if !strings.HasPrefix(o.Key, head) {
				head = o.Key
			}
			v.folders[Place{Bucket: o.Bucket, Head: head}] = true
		}
	}
	return nil
}

// accuse says that something is wrong with an object of a batch, and which ranges that touches.
func (v *verifier) accuse(kind Kind, ref journalRef, j *sink.Journal, o *sink.JournalObject, what string) {
	p := Problem{Kind: kind, Batch: j.Header.Batch, Journal: v.journalAddress(ref), Object: "s3://" + o.Bucket + "/" + o.Key}
	for _, s := range j.Shards {
		p.Ranges = append(p.Ranges, Range{s.Shard, s.After, s.Through})
	}
	slices.SortFunc(p.Ranges, func(a, b Range) int { return strings.Compare(a.Shard, b.Shard) })
	p.Text = fmt.Sprintf("object %s %s; the batch holds %s", p.Object, what, someOf(p.Ranges))
	v.problem(p)
}

func (v *verifier) missing(ref journalRef, j *sink.Journal, o *sink.JournalObject) {
	v.accuse(Missing, ref, j, o, fmt.Sprintf("of batch %s is not there, with %s: somebody deleted or moved it, or a lifecycle rule expired it", j.Header.Batch, counted(o.Records, "record")))
}

// someOf prints the first of a batch's ranges.
func someOf(ranges []Range) string {
	const shown = 2
	var words []string
	for _, r := range ranges[:min(shown, len(ranges))] {
		words = append(words, r.String())
	}
	text := strings.Join(words, ", ")
	if more := len(ranges) - shown; more > 0 {
		text += " and " + counted(int64(more), "more range")
	}
	return text
}

func counted(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// listedTwice says that two journals list one object, or one does twice: a name is never used again.
func (v *verifier) listedTwice(e entry) {
	ref := v.journals[e.journal]
	v.problem(Problem{Kind: Damaged, Batch: ref.batch, Journal: v.journalAddress(ref),
		Text: fmt.Sprintf("journal %s lists an object that another one lists too, or lists it twice", v.journalAddress(ref))})
}

// findMissing looks for each object that no listing has shown with its size: it may lie under a prefix of before. The
// journals of such objects are read again, since only names in short were kept.
func (v *verifier) findMissing(ctx context.Context) error {
	lost := map[uint32]map[name]bool{}
	for _, e := range v.index.entries {
		if e.state == wanted {
			if lost[e.journal] == nil {
				lost[e.journal] = map[name]bool{}
			}
			lost[e.journal][e.name] = true
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(v.Parallel)
	for n, names := range lost {
		g.Go(func() error { return v.lookAgain(ctx, v.journals[n], names) })
	}
	return g.Wait()
}

func (v *verifier) lookAgain(ctx context.Context, ref journalRef, names map[name]bool) error {
	j, err := v.readJournal(ctx, ref)
	if err != nil {
		var bad *damage
		if errors.Is(err, sink.ErrNotFound) || errors.As(err, &bad) {
			v.problem(Problem{Kind: Damaged, Batch: ref.batch, Journal: v.journalAddress(ref),
				Text: fmt.Sprintf("journal %s was changed or deleted while verify ran, and %s that it listed can not be found", v.journalAddress(ref), counted(int64(len(names)), "object"))})
			return nil
		}
		return err
	}
	for i := range j.Objects {
		o := &j.Objects[i]
		if !names[nameOf(o.Bucket, o.Key)] {
			continue
		}
		found, err := v.Store.Head(ctx, o.Bucket, o.Key)
		switch {
		case errors.Is(err, sink.ErrNotFound):
			v.missing(ref, j, o)
		case err != nil:
			return err
		case found.Size != o.Size:
			v.accuse(Size, ref, j, o, fmt.Sprintf("has %d bytes, batch %s wrote %d", found.Size, j.Header.Batch, o.Size))
		}
	}
	return nil
}
