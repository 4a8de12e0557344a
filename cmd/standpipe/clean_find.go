package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/config"
	"standpipe/consumer"
	"standpipe/sink"
)

// fate is what becomes of an upload, the first word of its line.
type fate string

const (
	orphan   fate = "orphan"   // nobody will complete it
	aborted  fate = "aborted"  // it was one, and is gone
	vanished fate = "gone"     // somebody else completed or aborted it meanwhile
	refused  fate = "failed"   // it could not be aborted
	promised fate = "promised" // a batch in the lease table names it
	young    fate = "young"    // may still be promised
	foreign  fate = "foreign"  // not ours
)

// openUpload is an upload that was listed.
type openUpload struct {
	bucket, key, id string
	batch           string // "" of a foreign one
	age             time.Duration
	fate            fate
	note            string // why it was not aborted
}

// cleaner tells orphans from what is promised, and aborts them.
type cleaner struct {
	svc   *services
	cfg   config.Config
	store *sink.S3
	table *consumer.Table
	names *naming
	older time.Duration
	now   func() time.Time
}

// find lists the uploads below the places and decides about each. It reads the lease table after the listing: a
// batch that was promised before is then either there, or it is over and its uploads are completed or aborted.
// Broken are the places whose listing did not come to its end.
func (c *cleaner) find(ctx context.Context, where []place) (found []*openUpload, broken []place, err error) {
	for _, p := range outermost(where) {
		uploads, whole, err := c.list(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		if !whole {
			broken = append(broken, p)
		}
		found = append(found, uploads...)
	}
	named, err := c.promises(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, u := range found {
		id, ours := c.names.batch(u.bucket, u.key)
		u.batch = id
		switch {
		case !ours:
			u.fate = foreign
		case named.batches[u.batch] || named.uploads[u.id]:
			u.fate = promised
		case u.age < c.older:
			u.fate = young
		default:
			u.fate = orphan
		}
	}
	return found, broken, nil
}

// promise is what the lease table says will be completed: every upload whose key carries the id of one of the
// batches, and beyond that what their journals list.
type promise struct {
	batches map[string]bool
	uploads map[string]bool // by upload id
}

// promises reads the table, strongly consistent, and the journals of its batches.
func (c *cleaner) promises(ctx context.Context) (promise, error) {
	p := promise{map[string]bool{}, map[string]bool{}}
	snap, err := c.table.Snapshot(ctx)
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		return p, c.wrongTable("does not exist")
	case err != nil:
		return p, fmt.Errorf("find out what is promised: %w", err)
	case snap.Unusable() != nil:
		return p, fmt.Errorf("find out what is promised: %w", snap.Unusable())
	case snap.Application == nil:
		return p, c.wrongTable("has never been used by a worker")
	case snap.Application.Stream != c.cfg.Stream.Name:
		return p, c.wrongTable("is that of stream " + snap.Application.Stream)
	}
	for id := range snap.Batches {
		p.batches[id] = true
		item, err := c.table.Item(ctx, id)
		if err != nil {
			return p, fmt.Errorf("find out what is promised: %w", err)
		}
		if item == nil || item.Journal == nil {
			continue // carried out meanwhile, or it holds ends of shards only
		}
		p.uploads[item.Journal.ID] = true
		text, err := c.store.Read(ctx, item.Journal.Bucket, item.Journal.Key, item.Journal.JournalSize())
		if errors.Is(err, sink.ErrNotFound) {
			continue // not completed yet: its uploads are known by the id in their keys
		}
		if err != nil {
			return p, fmt.Errorf("find out what batch %s promises: %w", id, err)
		}
		if err := listed(text, p.uploads); err != nil {
			return p, fmt.Errorf("find out what batch %s promises: %s: %w", id, item.Journal.Key, err)
		}
	}
	return p, nil
}

// wrongTable refuses to take uploads for orphans on the word of a table that the workers do not use.
func (c *cleaner) wrongTable(why string) error {
	return fmt.Errorf("lease table %s %s, so nobody knows what is promised: set leases.table, leases.endpoint and stream.region as the workers have them", c.cfg.Leases.Table, why)
}

// listed adds the upload ids of a journal's lines. Lines without one are about the batch and its shards.
func listed(journal []byte, ids map[string]bool) error {
	lines := bufio.NewScanner(bytes.NewReader(journal))
	lines.Buffer(nil, len(journal)+1)
	for lines.Scan() {
		var u struct {
			ID string `json:"upload_id"`
		}
		if err := json.Unmarshal(lines.Bytes(), &u); err != nil {
			return fmt.Errorf("read a line of the journal: %w", err)
		}
		if u.ID != "" {
			ids[u.ID] = true
		}
	}
	return lines.Err()
}

// abort ends the orphans. A batch is looked up once more before its first upload goes, since its intent may have
// arrived in between. The error is one that says nothing about a single upload; then the rest is left alone.
func (c *cleaner) abort(ctx context.Context, found []*openUpload) error {
	asked := map[string]bool{} // by batch, whether it is promised after all
	for _, u := range found {
		if u.fate != orphan {
			continue
		}
		alive, known := asked[u.batch]
		if !known {
			item, err := c.table.Item(ctx, u.batch)
			if err != nil {
				return fmt.Errorf("look for batch %s once more: %w", u.batch, err)
			}
			alive = item != nil
			asked[u.batch] = alive
		}
		if alive {
			u.fate = promised
			continue
		}
		switch err := c.store.Abort(ctx, sink.Upload{Bucket: u.bucket, Key: u.key, ID: u.id}); {
		case err == nil:
			u.fate = aborted
		case errors.Is(err, sink.ErrNoSuchUpload):
			u.fate = vanished
		case ctx.Err() != nil:
			return ctx.Err()
		default:
			u.fate, u.note = refused, cause(err)
		}
	}
	return nil
}
