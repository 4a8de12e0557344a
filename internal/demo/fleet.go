package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"standpipe/config"
)

const (
	stopLimit  = 20 * time.Second // how long a worker may take to end after it was told to
	abandonFor = time.Second      // the same where it can not end in order, since its disk is full
)

// fleet is the workers of a demo.
type fleet interface {
	// alive is how many are running.
	alive() int
	// failures gives an error for each worker that ended without having been told to.
	failures() <-chan error
	// stop tells all to end and waits for that; those that have not ended within limit are abandoned or killed.
	// It is called once.
	stop(limit time.Duration) error
}

// threads are workers in this process.
type threads struct {
	cancel context.CancelFunc
	failed chan error
	wg     sync.WaitGroup

	mu      sync.Mutex
	running int
	ended   error // of those that ended badly after they were told to
}

var _ fleet = (*threads)(nil)

// startThreads runs n workers, each with a context of its own and a log file in logs.
func startThreads(n int, run func(context.Context, config.Config, zerolog.Logger) error, cfg config.Config, logs string) (*threads, error) {
	ctx, cancel := context.WithCancel(context.Background())
	t := &threads{cancel: cancel, failed: make(chan error, n), running: n}
	files := make([]*os.File, n)
	for i := range files {
		f, err := openLog(logs, workerName(i+1))
		if err != nil {
			cancel()
			return nil, err
		}
		files[i] = f
	}
	for i, f := range files {
		t.wg.Go(func() {
			own, end := context.WithCancel(ctx)
			defer end()
			err := run(own, cfg, zerolog.New(logFile{f}).With().Timestamp().Logger())
			_ = f.Close()
			t.end(ctx, workerName(i+1), f.Name(), err)
		})
	}
	return t, nil
}

func (t *threads) end(ctx context.Context, name, log string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
	switch {
	case ctx.Err() == nil:
		if err == nil {
			err = errors.New("without an error")
		}
		t.failed <- fmt.Errorf("%s ended by itself: %w; its log is %s", name, err, log)
	case err != nil:
		t.ended = errors.Join(t.ended, fmt.Errorf("stop %s: %w; its log is %s", name, err, log))
	}
}

func (t *threads) alive() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.running
}

func (t *threads) failures() <-chan error { return t.failed }

func (t *threads) stop(limit time.Duration) error {
	t.cancel()
	done := make(chan struct{})
	go func() {
		t.wg.Wait()
		close(done)
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.ended
	case <-timer.C:
		return fmt.Errorf("stop the workers: %d of them did not end within %v", t.alive(), limit)
	}
}

func workerName(n int) string { return fmt.Sprintf("worker-%d", n) }

// logFile drops what a full disk does not take: the demo says that itself, once.
type logFile struct{ f *os.File }

func (l logFile) Write(p []byte) (int, error) {
	_, _ = l.f.Write(p)
	return len(p), nil
}

func openLog(folder, name string) (*os.File, error) {
	f, err := os.Create(filepath.Join(folder, name+".log"))
	if err != nil {
		return nil, unwritable(folder, err)
	}
	return f, nil
}
