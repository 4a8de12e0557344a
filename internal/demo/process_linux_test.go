package demo

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

const parentVariable = "DEMO_TEST_PARENT_LOGS"

// init makes this binary the parent of a worker where TestWorkerDiesWithItsParent starts it as that.
func init() {
	logs := os.Getenv(parentVariable)
	if logs == "" {
		return
	}
	p, err := startProcesses(1, []string{"sleep", "600"}, logs)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(p.running[0].cmd.Process.Pid)
	select {}
}

func TestWorkerDiesWithItsParent(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(self)
	parent.Env = append(os.Environ(), parentVariable+"="+t.TempDir())
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(line)
	}
	if !runs(pid) {
		t.Fatal("the worker does not run")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for runs(pid) {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the worker outlives its parent")
		}
	}
}

// runs says whether a process is there and no zombie.
func runs(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, _ := bytes.Cut(stat, []byte(") "))
	return !bytes.HasPrefix(after, []byte("Z"))
}

// TestWorkerThatWillNotStopIsKilled has a worker that does not listen to SIGTERM, and one that fails at it.
func TestWorkerThatWillNotStopIsKilled(t *testing.T) {
	for script, want := range map[string]string{
		`trap "" TERM; echo ready; while :; do sleep 1; done`:         "it was still running after 1s",
		`trap "exit 3" TERM; echo ready; while :; do sleep 0.1; done`: "it ended with exit status 3",
	} {
		p, err := startProcesses(1, []string{"/bin/sh", "-c", script}, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		w := p.running[0]
		tick := time.NewTicker(10 * time.Millisecond)
		for said := []byte(nil); !bytes.Contains(said, []byte("ready")); <-tick.C {
			if said, err = os.ReadFile(w.log); err != nil {
				t.Fatal(err)
			}
		}
		tick.Stop()
		if err := p.stop(time.Second); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if runs(w.cmd.Process.Pid) || p.alive() != 0 {
			t.Error("it still runs")
		}
	}
}
