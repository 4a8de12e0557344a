package verify

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"standpipe/sink"
	"standpipe/sink/parquet"
)

// parquetOf writes so many rows in several row groups.
func parquetOf(t *testing.T, rows int, layout parquet.FileOptions) []byte {
	t.Helper()
	schema, err := parquet.ParseSchema([]parquet.Column{
		{Name: "id", Type: "bigint"}, {Name: "path", Type: "string"}, {Name: "tags", Type: "array<string>"}, {Name: "at", Type: "timestamp"},
		{Name: "more", Type: "map<string,struct<a:int,b:array<double>>>"}, {Name: "price", Type: "decimal(30,2)"}, {Name: "never", Type: "boolean"},
	}, parquet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if layout.RowGroup == 0 {
		layout.RowGroup = 1 << 15
	}
	layout.Page, layout.Groups = 1<<12, 1
	format, err := parquet.NewFormat(schema, layout)
	if err != nil {
		t.Fatal(err)
	}
	var data []byte
	file := format.NewFile(func(b []byte) { data = append(data, b...) }, map[string]string{parquet.MetaBatch: "b"})
	for i := range rows {
		record := fmt.Sprintf(`{"id":%d,"path":"/items/%d","tags":["a",null,"%d"],"at":%d,"more":{"x":{"a":%d,"b":[1,2.5]},"y":null},"price":"%d.25"}`, i, i*7919, i%3, 1700000000+i, i, i)
		if err := file.AppendJSON(t.Context(), []byte(record)); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return data
}

// become makes a batch's object a Parquet file, and its journal promise that.
func (w *tale) become(b *told, data []byte, records int64) {
	w.t.Helper()
	o := &b.made.Objects[0]
	o.Format, o.Codec, o.Size, o.Raw, o.Records = "parquet", "snappy", int64(len(data)), 12345, records
	o.Parts = nil
	for part := range slices.Chunk(data, 20_000) {
		sum := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(part)))
		o.Parts = append(o.Parts, sink.Part{Number: int32(len(o.Parts) + 1), ETag: "e", CRC32: sum, Size: int64(len(part))})
	}
	w.put(object{o.Key, data, map[string]string{"standpipe-batch": b.id}})
	w.write(b)
}

func (w *tale) parquet(data []byte, records int64) *told {
	w.t.Helper()
	b := w.batch(1, span("a", start, "10"))
	w.row("a", "10")
	w.become(b, data, records)
	return b
}

// TestRowsAreCounted reads whole files of every codec and page version.
func TestRowsAreCounted(t *testing.T) {
	for _, codec := range []string{"snappy", "zstd", "gzip", "none"} {
		for version := 1; version <= 2; version++ {
			w := newTale(t)
			w.parquet(parquetOf(t, 3000, parquet.FileOptions{Codec: codec, Version: version}), 3000)
			if r := w.fine(deep); r.Lines != 3000 {
				t.Errorf("%s, pages of version %d: %d rows", codec, version, r.Lines)
			}
		}
	}
}

// TestLargeFooter is read in a second request.
func TestLargeFooter(t *testing.T) {
	data := parquetOf(t, 3000, parquet.FileOptions{RowGroup: 1 << 10})
	if n := binary.LittleEndian.Uint32(data[len(data)-8:]); n < 100<<10 {
		t.Fatalf("a footer of %d bytes only", n)
	}
	w := newTale(t)
	w.parquet(data, 3000)
	w.fine(deep)
}

// TestParquetIsNotWhatItWas damages an object that its journal describes.
func TestParquetIsNotWhatItWas(t *testing.T) {
	good := parquetOf(t, 3000, parquet.FileOptions{})
	for name, tc := range map[string]struct {
		data []byte
		kind Kind
		word string
	}{
		"truncated": {good[:len(good)/2], Size, "bytes instead of"},
		"empty":     {nil, Size, "0 bytes instead of"},
		"doubled":   {append(bytes.Clone(good), good...), Size, "bytes instead of"},
		"page":      {flipped(good, 100), Content, "CRC-32 of part 1 of"},
		"footer":    {flipped(good, len(good)-100), Content, "CRC-32 of part"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTale(t)
			b := w.parquet(good, 3000)
			w.fine(deep)
			w.put(object{b.objects[0], tc.data, map[string]string{"standpipe-batch": b.id}})
			w.only(w.verify(deep), tc.kind, b.objects[0], tc.word)
		})
	}
}

func flipped(data []byte, at int) []byte {
	data = bytes.Clone(data)
	data[at] ^= 0x55
	return data
}

// TestParquetThatItsJournalMisjudges has objects whose checksums hold, so that only reading them tells.
func TestParquetThatItsJournalMisjudges(t *testing.T) {
	good := parquetOf(t, 3000, parquet.FileOptions{})
	footer := bytes.Clone(good)
	copy(footer[len(footer)-200:], "no footer at all")
	lengthless := bytes.Clone(good)
	binary.LittleEndian.PutUint32(lengthless[len(lengthless)-8:], 1<<31)
	for name, tc := range map[string]struct {
		data    []byte
		records int64
		word    string
	}{
		"fewer rows than promised": {good, 3001, "it has 3000 rows, its journal says 3001"},
		"each row twice":           {parquetOf(t, 6000, parquet.FileOptions{}), 3000, "it has 6000 rows, its journal says 3000"},
		"a damaged footer":         {footer, 3000, "can not be read as Parquet"},
		"a footer without end":     {lengthless, 3000, "the footer is said to have 2147483648 bytes"},
		"a damaged first page":     {flipped(good, 5), 3000, "row group 0, column id"},
		"no end":                   {good[:len(good)-1], 3000, "does not end as a Parquet file does"},
		"the end alone":            {[]byte("PAR1"), 3000, "4 bytes are no Parquet file"},
		"lines":                    {[]byte(strings.Repeat("{}\n", 3000)), 3000, "does not end as a Parquet file does"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTale(t)
			b := w.parquet(tc.data, tc.records)
			w.only(w.verify(deep), Content, b.objects[0], tc.word)
		})
	}
}
