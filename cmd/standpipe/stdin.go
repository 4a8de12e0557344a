package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// standardInput is r as it is read until ctx ends: a read that waits for a person, or for a command that hangs, must not
// keep the program from its end. That read goes on, and is then nobody's. Where a person types, it says how that ends.
func (p *program) standardInput(ctx context.Context, r io.Reader) io.Reader {
	if f, ok := r.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		_, _ = fmt.Fprintln(p.stderr, "standpipe: reading standard input; Ctrl-D ends it")
	}
	out, in := io.Pipe()
	context.AfterFunc(ctx, func() { _ = in.CloseWithError(ctx.Err()) })
	go func() {
		_, err := io.Copy(in, r)
		_ = in.CloseWithError(err)
	}()
	return out
}
