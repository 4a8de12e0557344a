package sink

import (
	"fmt"
	"testing"
	"time"

	"standpipe/internal/spoil"
)

// TestAppendHardlyAllocates: what an answer's records cost in allocations does not grow with their number, whatever the
// outputs. Only chunks and parts do, a few for hundreds of records.
func TestAppendHardlyAllocates(t *testing.T) {
	if spoil.On {
		t.Skip("the race detector allocates")
	}
	for _, codec := range []string{"none", "gzip", "zstd"} {
		t.Run(codec, func(t *testing.T) {
			onBench(t, func(o *Options) { o.Size, o.Outputs[0].Compression, o.Memory = 1<<30, codec, NewMemory(1<<30) }, func(t *testing.T, b *bench) {
				r := b.read("a")
				const records = 4000
				line := []byte(fmt.Sprintf(`{"requestId":"%036d","status":200,"path":"%0200d"}`, 7, 7))
				arrival := time.Now()
				n := 0
				answer := func() {
					n++
					err := r.Append(t.Context(), Response{After: r.at, Through: fmt.Sprint(n), Records: func(yield func(Record) bool) {
						for range records {
							if !yield(Record{Data: line, Arrival: arrival, Sequence: "1"}) {
								return
							}
						}
					}})
					if err != nil {
						t.Fatal(err)
					}
				}
				answer() // opens the object, and makes the compressors
				if got := testing.AllocsPerRun(5, answer) / records; got > 0.02 {
					t.Errorf("%.3f allocations a record", got)
				}
			})
		})
	}
}
