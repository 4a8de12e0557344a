package window

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSizeOfATerminal(t *testing.T) {
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo terminals here:", err)
	}
	defer f.Close()
	if err := unix.IoctlSetWinsize(int(f.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Fatal(err)
	}
	if w, h := Size(f); w != 80 || h != 24 {
		t.Errorf("%d columns and %d lines", w, h)
	}
}
