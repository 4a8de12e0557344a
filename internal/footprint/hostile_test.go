//go:build linux && !race

package footprint

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"strings"
	"testing"
	"time"
)

// largest is the size of the records here: Kinesis takes 10 MiB, its partition key included.
const largest = 10<<20 - 64

// aggregate repeats one user record in a KPL aggregate of the largest size.
func aggregate(user string) []byte {
	message := []byte("\x0a\x01k")
	one := "\x1a" + string(rune(4+len(user))) + "\x08\x00\x1a" + string(rune(len(user))) + user
	for len(message)+len(one)+20 < largest {
		message = append(message, one...)
	}
	sum := md5.Sum(message)
	return append(append([]byte("\xf3\x89\x9a\xc2"), message...), sum[:]...)
}

func fill(s string) []byte { return bytes.Repeat([]byte(s), largest/len(s)) }

// TestLargestRecords gives eight shards records of the largest size at once, made to take as much memory as they can:
// each kind for itself, in a process of its own.
func TestLargestRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the program for about a minute; left out by -short")
	}
	for name, c := range map[string]struct {
		records int
		data    []byte
	}{
		"aggregate of tiny records":  {3, aggregate("1")},
		"aggregate of empty records": {1, aggregate("")}, // 1.7 million error records
		"one string":                 {8, []byte(`"` + string(fill("x")) + `"`)},
		"pretty-printed":             {8, []byte("[" + string(fill("1,\n")) + "2]")},
		"deeply nested":              {8, append(bytes.Repeat([]byte("["), largest/2), bytes.Repeat([]byte("]"), largest/2)...)},
		"no JSON":                    {8, fill("\xff")},
	} {
		t.Run(name, func(t *testing.T) {
			d := startOn(t, 8, func(put func(string, []byte)) {
				for i := range c.records {
					put(fmt.Sprint(i), c.data)
				}
			})
			d.await(3*time.Minute, "all records read", func() bool { return d.metric("standpipe_read_records_total") == float64(c.records) })
			took, peak := d.cpu(), d.peak()
			d.stop()
			t.Logf("peak %.0f MiB, %.1f s of processor time", peak, took.Seconds())
			if peak > 300 {
				t.Errorf("peak memory is %.0f MiB, more than 300", peak)
			}
			if logs := d.logs.String(); strings.Contains(logs, "panic") {
				t.Error("the program panicked")
			}
		})
	}
}
