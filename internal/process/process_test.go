package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

const holding = "PROCESS_HOLD" // makes the test binary hold a process in the folder it names until it is killed

func TestMain(m *testing.M) {
	if dir := os.Getenv(holding); dir != "" {
		if _, err := Launch(exec.Command("sleep", "600"), dir); err != nil {
			panic(err)
		}
		_, _ = os.Stdout.WriteString("held\n")
		<-make(chan struct{})
	}
	goleak.VerifyTestMain(m)
}

func TestProcessDiesWithTheTestBinary(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "process")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = read.Close() }()
	holder := exec.CommandContext(t.Context(), os.Args[0])
	holder.Env = Environment(holding + "=" + dir)
	holder.ExtraFiles = []*os.File{write} // which the holder's own children inherit, so it ends with the last of them
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	_ = write.Close()
	if _, err := out.Read(make([]byte, len("held\n"))); err != nil {
		t.Fatal(err)
	}
	_ = holder.Process.Kill()
	_ = holder.Wait()
	if _, err := read.Read(make([]byte, 1)); err == nil || err.Error() != "EOF" {
		t.Errorf("waiting for the process and its guard gave %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there (%v)", err)
	}
}

func TestHaltLeavesTheFolderForASuccessor(t *testing.T) {
	dir, err := Folder()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		p, err := Launch(exec.Command("sh", "-c", "echo hello"), dir)
		if err != nil {
			t.Fatal(err)
		}
		<-p.Done
		if p.ExitCode() != 0 || p.Err.Error() != "exit status 0" {
			t.Errorf("it ended with %d, %v", p.ExitCode(), p.Err)
		}
		p.Halt()
		if err := p.Signal(os.Interrupt); err != nil {
			t.Errorf("after its end: %v", err)
		}
	}
	p, err := Launch(exec.Command("sleep", "600"), dir)
	if err != nil {
		t.Fatal(err)
	}
	if text := p.Logged(); text != "hello\nhello\n" {
		t.Errorf("logged %q", text)
	}
	p.End()
	p.End()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there (%v)", err)
	}
}
