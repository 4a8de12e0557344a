package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

// TestStandardInputEndsWithTheProgram: at Ctrl-C nobody may have to type on.
func TestStandardInputEndsWithTheProgram(t *testing.T) {
	t.Parallel()
	ctx, signal := context.WithCancel(t.Context())
	typed, keyboard := io.Pipe()
	defer keyboard.Close()
	p := &program{}
	in := p.standardInput(ctx, typed)
	if _, err := io.WriteString(keyboard, "one"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 3)
	if _, err := io.ReadFull(in, b); err != nil || string(b) != "one" {
		t.Fatalf("%q, %v", b, err)
	}
	signal()
	if _, err := in.Read(b); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestStandardInputIsReadWhole(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("a line\n", 100_000)
	if got, err := io.ReadAll((&program{}).standardInput(t.Context(), strings.NewReader(text))); err != nil || string(got) != text {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	broken := errors.New("broken")
	if _, err := io.ReadAll((&program{}).standardInput(t.Context(), io.MultiReader(strings.NewReader("x"), failingReader{broken}))); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }
