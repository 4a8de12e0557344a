package redrive

import (
	"bufio"
	"context"
	"fmt"
	"io"
)

// ListDone writes the addresses of the source's objects whose every record was redriven, one a line.
func ListDone(ctx context.Context, o Options, to io.Writer) error {
	w := &work{Options: o}
	known, err := w.remember(ctx)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(to)
	r := &reader{Options: &o, known: known}
	for obj, err := range o.Store.List(ctx, o.Source.Place, "") {
		if err != nil {
			return fmt.Errorf("list the error objects: %w", err)
		}
		if k := known.of(o.Source.Bucket, obj.Key); k != nil && k.whole && k.etag == obj.ETag {
			if _, err := fmt.Fprintln(out, r.address(obj)); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}
