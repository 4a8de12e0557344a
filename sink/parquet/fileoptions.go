package parquet

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"
	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/gzip"
)

// defaultGzipLevel costs least with a year of storage and queries, of the levels with which a core keeps up with eight shards
// (docs/performance.md). So does the level of zstd that is the default.
const defaultGzipLevel = 8

// Defaults of [FileOptions].
const (
	DefaultRowGroup = 64 << 20
	DefaultPage     = 1 << 20

	// pageRows ends a page that stays small, so that readers who skip by the page index have something to skip; it is what
	// Apache's own writer has. https://github.com/apache/parquet-java/blob/master/parquet-hadoop/README.md
	pageRows = 20_000
	// dictionaryBytes is the size from which on a dictionary is given up: Apache's own limit, its default page size.
	dictionaryBytes = 1 << 20
)

// FileOptions say how the files of a schema are laid out. The zero value is what most engines read best.
type FileOptions struct {
	Codec string // snappy, zstd, gzip or none; "" = snappy
	Level int    // 1 to 22 of zstd, which has four, and 1 to 9 of gzip; 0 = the codec's default, and the only one of the others

	RowGroup     int64 // bytes of values, before encoding and compression, at which a row group ends; 0 = 64 MiB
	Page         int   // the same of a page; 0 = 1 MiB. It also ends after about 20,000 rows, and never within a row
	Version      int   // of the data pages, 1 or 2; 0 = 1, as older readers know it
	NoDictionary bool  // store every value; without it a column has a dictionary where its first rows say that this pays

	// SortBy sorts the rows of each row group, and says so in the footer: columns of plain types separated by commas, each
	// with ASC or DESC and NULLS FIRST or NULLS LAST, as behind ORDER BY in SQL. The rows are held as values until their row
	// group ends, which makes row groups smaller where Held ends them. "" leaves rows as they come.
	SortBy string

	// Groups is how many row groups of a file may be filled at once, each by one goroutine; 0 = as many as there are cores.
	Groups int
	// Held is how many bytes of memory a row group may take before it ends, whatever its size; 0 = no limit. Values may take
	// half of it where the buffers of many columns leave less.
	Held int64
}

// codecs are made once for all files, since they keep the memory of encoders for the next page.
var codecs = map[string]func(level int) compress.Codec{
	"none":   func(int) compress.Codec { return &pq.Uncompressed },
	"snappy": func(int) compress.Codec { return &pq.Snappy },
	"gzip": func(level int) compress.Codec {
		if level == 0 {
			level = defaultGzipLevel
		}
		return &gzip.Codec{Level: level}
	},
	"zstd": func(level int) compress.Codec {
		if level == 0 {
			return newZstdCodec(zstd.SpeedBetterCompression)
		}
		return newZstdCodec(zstd.EncoderLevelFromZstd(level))
	},
}

// Levels gives the highest level of each codec that files may have; the lowest is 1, and 0 says that there are none.
var Levels = map[string]int{"snappy": 0, "zstd": 22, "gzip": 9, "none": 0}

// Format is a schema and how its files are laid out. It never changes and may be used by several goroutines.
type Format struct {
	schema  *Schema
	options FileOptions
	codec   compress.Codec
	rows    sync.Pool // of *Rows
	shred   sync.Pool // of *Shredder
	kinds   []pq.Kind // of each column's values
	width   []int64   // of each column's values in bytes, 0 where they differ
	sort    []sortKey
	bounded []bool // whether each column's smallest and largest values are written
}

// NewFormat checks the options. Its error is a sentence, and a *SortError if SortBy does not fit the schema.
func NewFormat(schema *Schema, o FileOptions) (*Format, error) {
	if o.Codec == "" {
		o.Codec = "snappy"
	}
	codec := codecs[o.Codec]
	switch {
	case codec == nil:
		return nil, fmt.Errorf("Parquet has no codec %s; use snappy, zstd, gzip or none", o.Codec)
	case o.Level < 0 || o.Level > Levels[o.Codec]:
		return nil, fmt.Errorf("codec %s has no level %d", o.Codec, o.Level)
	case o.Version < 0 || o.Version > 2:
		return nil, fmt.Errorf("there are data pages of version 1 and 2, not %d", o.Version)
	case o.RowGroup < 0 || o.Page < 0 || o.Groups < 0 || o.Held < 0:
		return nil, fmt.Errorf("sizes of row groups and pages can not be negative")
	}
	if o.RowGroup == 0 {
		o.RowGroup = DefaultRowGroup
	}
	if o.Page == 0 {
		o.Page = DefaultPage
	}
	if o.Version == 0 {
		o.Version = 1
	}
	if o.Groups == 0 {
		o.Groups = runtime.GOMAXPROCS(0)
	}
	f := &Format{schema: schema, options: o, codec: codec(o.Level)}
	var err error
	if f.sort, err = schema.sortKeys(o.SortBy); err != nil {
		return nil, err
	}
	for _, path := range schema.parquet.Columns() {
		leaf, _ := schema.parquet.Lookup(path...)
		kind := leaf.Node.Type().Kind()
		f.kinds = append(f.kinds, kind)
		f.width = append(f.width, width(kind))
		// The order of INT96 is undefined, and the writer compares decimals in byte arrays without their sign.
		f.bounded = append(f.bounded, kind != pq.Int96 && kind != pq.FixedLenByteArray)
	}
	return f, nil
}

// Schema is that of the files.
func (f *Format) Schema() *Schema { return f.schema }

// Codec is the name of the codec in FileOptions, never "".
func (f *Format) Codec() string { return f.options.Codec }

// NewRows gives empty rows, whose memory may come from earlier ones.
func (f *Format) NewRows() *Rows {
	if r, ok := f.rows.Get().(*Rows); ok {
		return r
	}
	return &Rows{}
}

// Free takes back rows of this format's schema that nobody uses any more.
func (f *Format) Free(r *Rows) {
	r.Reset()
	f.rows.Put(r)
}

// width is how many bytes a value takes, 0 where that differs.
func width(k pq.Kind) int64 {
	switch k {
	case pq.Boolean:
		return 1
	case pq.Int32, pq.Float:
		return 4
	case pq.Int64, pq.Double:
		return 8
	case pq.Int96:
		return 12
	}
	return 0
}
