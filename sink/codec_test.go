package sink

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"standpipe/internal/unpack"
)

// codecNames lists all codecs.
func codecNames() []string { return slices.Sorted(maps.Keys(codecs)) }

// fileOf makes a file of chunks as an object does.
func fileOf(c *codec, level int, chunks ...[]byte) []byte {
	frame := c.framing("00000000-0000-0000-0000-000000000000-7")
	file := bytes.Clone(frame.header())
	for _, raw := range chunks {
		if len(raw) == 0 {
			continue
		}
		ch := chunk{body: raw, raw: int64(len(raw))}
		if c.compress != nil {
			ch.body, ch.crc = c.compress(level, raw)
		}
		frame.add(ch)
		file = append(file, ch.body...)
	}
	return append(file, frame.trailer()...)
}

// randomChunks are of all sizes, empty ones among them, of lines, of noise and of the same byte again and again.
func randomChunks(random *rand.Rand, n int) (chunks [][]byte) {
	for range n {
		var raw []byte
		switch random.IntN(5) {
		case 0: // empty
		case 1:
			raw = clickLines(random, random.IntN(400_000))
		case 2:
			raw = make([]byte, random.IntN(400_000))
			fillWithNoise(random, raw)
		case 3:
			raw = bytes.Repeat([]byte{'a'}, random.IntN(1_000_000))
		case 4:
			raw = []byte("\n")
		}
		chunks = append(chunks, raw)
	}
	return chunks
}

// fillWithNoise makes bytes that do not compress.
func fillWithNoise(random *rand.Rand, b []byte) {
	for word := range slices.Chunk(b, 8) {
		n := random.Uint64()
		for i := range word {
			word[i] = byte(n >> (8 * i))
		}
	}
}

// levelsOf gives a codec's levels, of zstd one of each that the library has, and the bounds.
func levelsOf(c *codec) []int {
	switch {
	case c.name == "zstd":
		return []int{0, 1, 3, 6, 10, 22}
	case c.levels > 0:
		return []int{0, 1, 5, 9}
	}
	return []int{0}
}

func TestCodecsAreReadBack(t *testing.T) {
	for _, name := range codecNames() {
		c := codecs[name]
		t.Run(name, func(t *testing.T) {
			many := randomChunks(rand.New(rand.NewPCG(21, 22)), 12)
			for _, level := range levelsOf(c) {
				for _, chunks := range [][][]byte{nil, {nil}, {nil, []byte("{}\n"), nil}, many} {
					want := bytes.Join(chunks, nil)
					got, err := unpack.Object("x"+c.extension, fileOf(c, level, chunks...))
					if err != nil || !bytes.Equal(got, want) {
						t.Fatalf("level %d: %d bytes read as %d: %v", level, len(want), len(got), err)
					}
				}
			}
		})
	}
}

// The tools that people have read the files too.
func TestCodecsAreReadByTools(t *testing.T) {
	random := rand.New(rand.NewPCG(23, 24))
	chunks := randomChunks(random, 15)
	for _, tool := range []struct {
		codec string
		args  []string
	}{
		{"gzip", []string{"gzip", "-dc"}},
		{"zip", []string{"unzip", "-p"}},
		{"zstd", []string{"zstd", "-dc"}},
	} {
		t.Run(tool.codec, func(t *testing.T) {
			if _, err := exec.LookPath(tool.args[0]); err != nil {
				t.Skipf("NOT TESTED: %s is not installed: %v", tool.args[0], err)
			}
			file := filepath.Join(t.TempDir(), "x"+codecs[tool.codec].extension)
			if err := os.WriteFile(file, fileOf(codecs[tool.codec], 0, chunks...), 0o600); err != nil {
				t.Fatal(err)
			}
			var complaints bytes.Buffer
			cmd := exec.CommandContext(t.Context(), tool.args[0], append(tool.args[1:], file)...)
			cmd.Stderr = &complaints
			got, err := cmd.Output()
			if err != nil || complaints.Len() > 0 || !bytes.Equal(got, bytes.Join(chunks, nil)) {
				t.Errorf("%v gave %d bytes, %v, and said %q", tool.args, len(got), err, complaints.String())
			}
		})
	}
}

// A chunk's stored form depends on nothing but the chunk, has a slice of its own, and no room that is not counted.
func TestCodecsCompressOnManyGoroutines(t *testing.T) {
	for _, name := range codecNames() {
		c := codecs[name]
		if c.compress == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			chunks := slices.DeleteFunc(randomChunks(rand.New(rand.NewPCG(25, 26)), 6), func(b []byte) bool { return len(b) == 0 })
			want := make([][]byte, len(chunks))
			for i, raw := range chunks {
				want[i], _ = c.compress(0, raw)
			}
			var wg sync.WaitGroup
			for g := range 4 {
				wg.Go(func() {
					for i := range chunks {
						i = (i + g) % len(chunks)
						got, _ := c.compress(0, chunks[i])
						if !bytes.Equal(got, want[i]) || cap(got) != len(got) {
							t.Errorf("chunk %d: %d bytes in %d, want %d", i, len(got), cap(got), len(want[i]))
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// The default is a level that has a name, and the levels of a codec differ.
func TestCodecLevels(t *testing.T) {
	raw := clickLines(rand.New(rand.NewPCG(27, 28)), 200_000)
	for name, same := range map[string]int{"gzip": defaultCompressionLevel, "zip": defaultCompressionLevel, "zstd": defaultZstdLevel} {
		c := codecs[name]
		size := func(level int) int {
			body, _ := c.compress(level, raw)
			return len(body)
		}
		if size(0) != size(same) || size(1) <= size(0) || size(c.levels) == size(0) {
			t.Errorf("%s: level 0 makes %d bytes, %d makes %d, 1 makes %d, %d makes %d", name, size(0), same, size(same), size(1), c.levels, size(c.levels))
		}
	}
}

func TestCodecsAreDeclared(t *testing.T) {
	for _, c := range []struct {
		out       Output
		extension string
		form      Form
	}{
		{Output{}, ".ndjson", Form{"application/x-ndjson", ""}},
		{Output{Compression: "none", ContentEncoding: true}, ".ndjson", Form{"application/x-ndjson", ""}},
		{Output{Compression: "gzip"}, ".ndjson.gz", Form{"application/gzip", ""}},
		{Output{Compression: "gzip", ContentEncoding: true}, ".ndjson.gz", Form{"application/x-ndjson", "gzip"}},
		{Output{Compression: "gzip", Extension: ".gz"}, ".gz", Form{"application/gzip", ""}},
		{Output{Compression: "zip"}, ".zip", Form{"application/zip", ""}},
		{Output{Compression: "zip", ContentEncoding: true}, ".zip", Form{"application/x-ndjson", "zip"}},
		{Output{Compression: "zstd"}, ".ndjson.zst", Form{"application/zstd", ""}},
		{Output{Compression: "zstd", ContentEncoding: true}, ".ndjson.zst", Form{"application/x-ndjson", "zstd"}},
		{Output{Compression: "snappy"}, ".snappy", Form{"application/octet-stream", ""}},
		{Output{Compression: "snappy", ContentEncoding: true}, ".snappy", Form{"application/x-ndjson", "snappy-java"}},
		{Output{Compression: "hadoop_snappy"}, ".snappy", Form{"application/octet-stream", ""}},
		{Output{Compression: "hadoop_snappy", ContentEncoding: true}, ".snappy", Form{"application/x-ndjson", "hadoop-snappy"}},
	} {
		if c.out.ObjectExtension() != c.extension || c.out.form() != c.form {
			t.Errorf("%+v: %s, %+v", c.out, c.out.ObjectExtension(), c.out.form())
		}
	}
	for name, c := range codecs {
		if c.name != name {
			t.Errorf("codec %s is called %s", name, c.name)
		}
	}
}

func TestUnknownCodecsAndLevelsArePanics(t *testing.T) {
	for _, out := range []Output{
		{Compression: "lz4"}, {Compression: "gzip", Level: 10}, {Compression: "gzip", Level: -1}, {Compression: "zstd", Level: 23}, {Compression: "snappy", Level: 1}, {Level: 1},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v is taken", out)
				}
			}()
			New(t.Context(), Options{Outputs: []*Output{&out}, Errors: &Output{}, Memory: NewMemory(1)})
		}()
	}
}

// BenchmarkCodecs compresses chunks of click-like lines; B/s are bytes before compression.
func BenchmarkCodecs(b *testing.B) {
	for _, name := range codecNames() {
		c := codecs[name]
		if c.compress == nil {
			continue
		}
		raw := clickLines(rand.New(rand.NewPCG(13, 14)), c.chunk)
		for _, level := range levelsOf(c) {
			b.Run(fmt.Sprintf("%s/level=%d", name, level), func(b *testing.B) {
				b.SetBytes(int64(len(raw)))
				b.ReportAllocs()
				var body []byte
				for b.Loop() {
					body, _ = c.compress(level, raw)
				}
				b.ReportMetric(float64(len(raw))/float64(len(body)), "ratio")
			})
		}
	}
}
