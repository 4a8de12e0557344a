package sink

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"standpipe/internal/unpack"
	"standpipe/partition"
)

// noise is a line of about n bytes that hardly compresses.
func noise(random *rand.Rand, n int) []byte {
	b := make([]byte, n*3/4)
	fillWithNoise(random, b)
	return append(base64.RawStdEncoding.AppendEncode([]byte{'"'}, b), '"')
}

// onCodec runs a test on a sink with an output without a codec and one with it, as the error output is.
func onCodec(t *testing.T, c *codec, set func(*Options), test func(*testing.T, *bench)) {
	onBench(t, func(o *Options) {
		packed := *o.Outputs[0]
		packed.Name, packed.Prefix, packed.Compression = "packed", parsePrefix(t, "packed/!{timestamp:HH}/", partition.Data), c.name
		packed.Validate = false // parsing is slow under the race detector, and the other one does it
		o.Outputs = append(o.Outputs, &packed)
		o.Errors.Compression = c.name
		if set != nil {
			set(o)
		}
	}, test)
}

// lines gives what is visible under a prefix, sorted, and how many objects hold it.
func (b *bench) lines(prefix, extension string) (lines []string, objects int) {
	b.t.Helper()
	for key, o := range b.store.objects {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		if objects++; !strings.HasSuffix(key, extension) {
			b.t.Errorf("%s does not end in %s", key, extension)
		}
		data, err := unpack.Object(key, o.data)
		if err != nil {
			b.t.Fatal(err)
		}
		if !bytes.HasSuffix(data, []byte("\n")) {
			b.t.Errorf("%s does not end with a line", key)
		}
		lines = append(lines, strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")...)
	}
	slices.Sort(lines)
	return lines, objects
}

// Many shards write to the same objects at once, records of all sizes, and objects take several parts: with every codec
// the lines are those of the output without one, and all memory is given back.
func TestCodecsInObjectsOfManyParts(t *testing.T) {
	for _, name := range codecNames() {
		c := codecs[name]
		t.Run(name, func(t *testing.T) {
			onCodec(t, c, func(o *Options) { o.Size = 9 << 20 }, func(t *testing.T, b *bench) {
				var wg sync.WaitGroup
				for shard := range 4 {
					r := b.read(fmt.Sprint("s", shard))
					wg.Go(func() {
						random := rand.New(rand.NewPCG(41, uint64(shard)))
						for i := range 6 {
							resp := Response{After: fmt.Sprint(i), Through: fmt.Sprint(i + 1)}
							var records []Record
							arrival := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
							for range random.IntN(20) {
								records = append(records, Record{Data: noise(random, random.IntN(90_000)), Arrival: arrival, Sequence: resp.Through})
							}
							records = append(records, Record{Data: []byte("poison"), Arrival: arrival, Sequence: resp.Through, Failure: &Failure{Type: "processing-failed", Code: "Test", Message: "of all outputs"}})
							resp.Records = slices.Values(records)
							if err := r.Append(t.Context(), resp); err != nil {
								t.Error(err)
							}
						}
					})
				}
				wg.Wait()
				b.stop()
				plain, _ := b.lines("data/", ".ndjson")
				packed, objects := b.lines("packed/", c.extension)
				if len(plain) == 0 || !slices.Equal(plain, packed) {
					t.Errorf("%d lines without the codec, %d with it", len(plain), len(packed))
				}
				if rejected, _ := b.lines("errors/", c.extension); len(rejected) != 4*6 {
					t.Errorf("%d error records", len(rejected))
				}
				if parts := b.parts("packed/"); parts <= objects {
					t.Errorf("%d parts in %d objects", parts, objects)
				}
			})
		})
	}
}

// parts counts the parts that the journals list for the objects under a prefix.
func (b *bench) parts(prefix string) (n int) {
	b.t.Helper()
	for key, o := range b.store.objects {
		if !strings.HasPrefix(key, "_standpipe/") {
			continue
		}
		j, err := DecodeJournal(o.data, o.batch)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, o := range j.Objects {
			if strings.HasPrefix(o.Key, prefix) {
				n += len(o.Parts)
			}
		}
	}
	return n
}

// Frames hold 1 MiB before compression or more, but for the last of an object, and say their size and checksum.
func TestZstdFramesAreOfAMebibyte(t *testing.T) {
	onCodec(t, codecs["zstd"], func(o *Options) { o.Size = 64 << 20 }, func(t *testing.T, b *bench) {
		r := b.read("a")
		for range 700 {
			b.append(r, 0, 7_000)
		}
		b.stop()
		b.wantAll(r)
		for key, o := range b.store.objects {
			if !strings.HasPrefix(key, "packed/") {
				continue
			}
			sizes := frames(t, o.data)
			if len(sizes) != 5 {
				t.Errorf("%s has frames of %v bytes", key, sizes)
			}
			for i, size := range sizes {
				if size < 1<<20 && i < len(sizes)-1 || size > 1<<20+7_000 {
					t.Errorf("frame %d of %d holds %d bytes", i, len(sizes), size)
				}
			}
		}
	})
}

// frames gives the content size of each frame of a file (RFC 8878, section 3.1.1).
func frames(t *testing.T, file []byte) (sizes []uint64) {
	t.Helper()
	for len(file) > 0 {
		var h zstd.Header
		if err := h.Decode(file); err != nil {
			t.Fatal(err)
		}
		if !h.HasFCS || !h.HasCheckSum || h.WindowSize > 8<<20 {
			t.Fatalf("frame %+v", h)
		}
		sizes = append(sizes, h.FrameContentSize)
		file = file[h.HeaderSize:]
		for last := false; !last; {
			block := binary.LittleEndian.Uint32(append(bytes.Clone(file[:3]), 0))
			size := int(block >> 3)
			if block>>1&3 == 1 { // one byte, repeated
				size = 1
			}
			last, file = block&1 == 1, file[3+size:]
		}
		file = file[4:] // checksum
	}
	return sizes
}
