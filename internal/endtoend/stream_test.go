package endtoend

import (
	"testing"
	"testing/synctest"
	"time"

	"standpipe/sink"
)

func TestStreamArrivesExactlyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 3)
		w.Put(500)
		wk := w.Start(Settings{Outputs: []*sink.Output{w.Output("raw", "clicks/", "gzip"), w.Output("plain", "plain/", "none")}})
		w.Exactly(time.Minute, "clicks/", "plain/")
		w.Put(500)
		w.Exactly(time.Minute, "clicks/", "plain/")
		w.Put(10)
		time.Sleep(1500 * time.Millisecond)
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
		w.Exactly(0, "clicks/", "plain/")
	})
}
