package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"standpipe/config"
)

// The program's exit codes. Scripts and init systems rely on them, so a code never changes its meaning.
const (
	exitOK          = 0
	exitRuntime     = 1
	exitUsage       = 2
	exitPartial     = 3
	exitInterrupted = 130
)

// exitCodes is the table that `standpipe --help` prints.
var exitCodes = []struct {
	code    int
	meaning string
}{
	{exitOK, "done; for run also: stopped by a signal, nothing left behind"},
	{exitRuntime, "failed; records that were not delivered are read again at the next start"},
	{exitUsage, "the command line or the configuration is wrong; nothing was done"},
	{exitPartial, "a part was done, the messages say which was not; for verify and status: something is wrong, the messages say what"},
	{exitInterrupted, "interrupted; for run: by a second signal"},
}

// codedError is an error that decides the exit code itself.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

// usageError is a mistake on the command line or in the configuration.
func usageError(format string, args ...any) error {
	return &codedError{exitUsage, fmt.Errorf(format, args...)}
}

// exitCode is the code for what a command returned; interrupted says that a signal has ended its context.
func exitCode(err error, interrupted bool) int {
	var coded *codedError
	var problems config.Problems
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, &problems):
		return exitUsage
	case interrupted && errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitRuntime
}

// complain prints an error, one line a problem, and then the pages of the documentation that help.
func complain(w io.Writer, err error) {
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			_, _ = fmt.Fprintln(w, "standpipe: "+line)
		}
	}
	if pages := sections(err); len(pages) > 0 {
		_, _ = fmt.Fprintln(w, morePages+strings.Join(pages, ", "))
	}
}

// morePages begins the line that names pages of the documentation.
const morePages = "standpipe: more in "
