package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"standpipe/sink"
)

const (
	maxFolders  = 1000    // that are listed one by one; of more, the outputs' whole places are
	maxSuspects = 100_000 // that are kept to be looked at again
	examples    = 3       // of foreign objects, a place
)

// suspect is an object that no journal lists, and that seems to be ours.
type suspect struct {
	bucket, key string
	batch       string
	copied      bool // it has its batch from its metadata, not from its key
}

// foreigners are the objects at a place that are not ours.
type foreigners struct {
	count int
	bytes int64
	first []string
}

// lookThrough lists what lies where outputs and errors go, marks what journals list as seen, and sorts out the rest: what
// seems to be ours is looked at again in judgeSuspects.
func (v *verifier) lookThrough(ctx context.Context) error {
	since := v.since()
	copied := since // from when on there can be copies of objects under other names
	if first := v.earliest.Add(-margin); copied.Before(first) {
		copied = first
	}
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(v.Parallel)
	listed, earlier := 0, 0
	err := func() error {
		for _, p := range v.placesToList() {
			for o, err := range v.Store.List(inner, p, "") {
				if err != nil {
					return fmt.Errorf("list the objects under %s: %w", p, err)
				}
				if listed++; listed%1000 == 0 {
					v.mu.Lock()
					v.Progress("objects", listed, 0)
					v.mu.Unlock()
				}
				if v.mark(p.Bucket, o) || v.isJournal(p.Bucket, o.Key) || v.windowed() && !v.asked(o.Modified) {
					continue
				}
				id, ours := v.names.ofObject(o.Key)
				switch {
				case ours && o.Modified.Before(since):
					earlier++
				case ours:
					v.suspect(suspect{p.Bucket, o.Key, id, false})
				case o.Modified.Before(copied):
					v.stranger(p, o)
				default:
					g.Go(func() error { return v.lookAt(inner, p, o) })
				}
			}
		}
		return nil
	}()
	if werr := g.Wait(); werr != nil {
		return werr
	}
	if err != nil {
		return err
	}
	if v.unkept > 0 {
		v.note(Unproved, "%s more that no journal lists: too many to look at; mend what is named first", counted(int64(v.unkept), "object"))
	}
	if earlier > 0 {
		v.note(Unproved, "%s of this application that no journal lists: of before the journals that are there, so that nothing can be said of them", counted(int64(earlier), "object"))
	}
	v.sayForeign()
	return nil
}

// mark notes that a listed object was seen. An entry of another size stays, to be looked for by itself.
func (v *verifier) mark(bucket string, o Object) bool {
	entries := v.index.find(nameOf(bucket, o.Key))
	for i := range entries {
		if entries[i].size == o.Size {
			entries[i].state |= seen
		}
	}
	return len(entries) > 0
}

func (v *verifier) isJournal(bucket, key string) bool {
	return bucket == v.Journal.Bucket && strings.HasPrefix(key, v.Journal.Head)
}

// since is from when on an object that no journal lists is suspicious: its batch was cut later than it was begun. Where all
// chains begin at their shards' beginnings no journal is missing from the front; where some may have expired, a while is
// left out in which batches of before the first journal may still have been completed.
func (v *verifier) since() time.Time {
	if v.windowed() || len(v.journals) == 0 {
		return v.From
	}
	whole := true
	for _, c := range v.chains {
		whole = whole && slices.ContainsFunc(append(c.stretches(), c.newer...), func(s stretch) bool { return isStart(s.after) })
	}
	if v.first != nil {
		for shard, row := range v.first.Leases {
			whole = whole && (v.chains[shard] != nil || isStart(row.Checkpoint))
		}
	}
	if whole {
		return time.Time{}
	}
	return v.earliest.Add(margin)
}

// placesToList leaves out places inside others. With a time asked for they are the folders that its batches wrote to.
func (v *verifier) placesToList() (kept []Place) {
	all := slices.Clone(v.Places)
	if n := len(v.folders); v.windowed() && n <= maxFolders {
		all = all[:0]
		for p := range v.folders {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b Place) int { return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Head, b.Head)) })
	for _, p := range all {
		if n := len(kept); n == 0 || kept[n-1].Bucket != p.Bucket || !strings.HasPrefix(p.Head, kept[n-1].Head) {
			kept = append(kept, p)
		}
	}
	return kept
}

// lookAt tells by an object's metadata whether it is a copy of one of ours under another name.
func (v *verifier) lookAt(ctx context.Context, p Place, o Object) error {
	found, err := v.Store.Head(ctx, p.Bucket, o.Key)
	if errors.Is(err, sink.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	id, ok := parseID(found.Batch)
	_, known := v.batches[id]
	if ok && known {
		v.suspect(suspect{p.Bucket, o.Key, found.Batch, true})
		return nil
	}
	v.stranger(p, o)
	return nil
}

func (v *verifier) suspect(s suspect) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.suspects) == maxSuspects {
		v.unkept++
		return
	}
	v.suspects = append(v.suspects, s)
}

func (v *verifier) stranger(p Place, o Object) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.report.Foreign++
	f := v.foreign[p]
	if f == nil {
		f = &foreigners{}
		v.foreign[p] = f
	}
	f.count++
	f.bytes += o.Size
	if len(f.first) < examples {
		f.first = append(f.first, o.Key)
	}
}

// sayForeign reports foreign objects, a line for each place.
func (v *verifier) sayForeign() {
	for p, f := range v.foreign {
		slices.Sort(f.first)
		text := fmt.Sprintf("%s under %s not written by this application (%d bytes), such as %s", counted(int64(f.count), "object"), p, f.bytes, strings.Join(f.first, ", "))
		if v.Strict {
			v.problem(Problem{Kind: Foreign, Text: text, Object: "s3://" + p.Bucket + "/" + f.first[0]})
		} else {
			v.note(Foreign, "%s", text)
		}
	}
}
