package config

import (
	"fmt"
	"slices"
	"strconv"
)

// highestLevel is that of each codec which has levels; the lowest is 1, and 0 stands for the codec's default.
var highestLevel = map[string]int{"gzip": 9, "zip": 9, "zstd": 22}

// parquetCodecs are those that work inside a Parquet file.
var parquetCodecs = []string{"snappy", "zstd", "gzip", "none"}

func (v *validator) codec(path string, o Output) {
	if v.found.has(path+".compression") || v.found.has(path+".format") {
		return
	}
	if o.Format == "parquet" {
		v.must(slices.Contains(parquetCodecs, o.Compression), path+".compression", "must be "+inWords(parquetCodecs)+" with format parquet", o.Compression)
		v.must(!o.ContentEncoding, path+".content_encoding", "Parquet compresses inside the file, so there is none to declare; leave it out", "true")
	} else {
		v.must(!o.ContentEncoding || o.Compression != "none", path+".content_encoding", "there is none to declare with compression none; leave it out", "true")
	}
	level := path + ".compression_level"
	if highest := highestLevel[o.Compression]; highest > 0 {
		v.must(o.CompressionLevel >= 0 && o.CompressionLevel <= highest, level, fmt.Sprintf("must be 0 to %d with compression %s", highest, o.Compression), strconv.Itoa(o.CompressionLevel))
	} else {
		v.must(o.CompressionLevel == 0, level, "compression "+o.Compression+" has no levels; leave it out", strconv.Itoa(o.CompressionLevel))
	}
}

// format checks what belongs to one format only. The columns of a schema are not read here.
func (v *validator) format(path string, o Output) {
	if o.Format != "raw" {
		v.must(o.Delimiter != "", path+".delimiter", "is empty, so that values could not be told from each other; with format raw it may be", "")
	} else {
		v.must(o.Schema == "", path+".schema", "raw records have no columns; leave it out", o.Schema)
		v.must(o.Catalog == "", path+".catalog", "raw records have no columns; leave it out", o.Catalog)
	}
	v.must(len(o.Delimiter) <= 64, path+".delimiter", "must be at most 64 bytes", "")
	if o.Format != "parquet" {
		v.must(o.Glue == DefaultOutput().Glue || o.Catalog != "", path+".glue", "is used only with format parquet or with catalog glue; set one of them or leave the section out", "")
		v.glue(path+".glue", o)
		v.must(o.Parquet == DefaultOutput().Parquet, path+".parquet", "is used only with format parquet; set that or leave the section out", "")
		return
	}
	v.must(o.Schema != "" || o.Glue != DefaultOutput().Glue || v.known.has(path+".glue"), path+".schema", "is required with format parquet, unless glue.table is given; list the columns as in CREATE TABLE, such as id bigint, name string", "")
	v.must(o.Schema == "" || o.Glue.Table == "" || o.Catalog != "", path+".glue.table", "names the columns that schema lists; leave one of the two out, or set catalog to glue to register the table", o.Glue.Table)
	v.glue(path+".glue", o)
	v.must(o.Delimiter == "\n", path+".delimiter", "Parquet has rows instead; leave it out", o.Delimiter)
	v.must(o.Validate == "json", path+".validate", "what is no JSON can not be in a Parquet file; leave it out", o.Validate)
	v.must(o.Parquet.Epoch == "seconds" || o.Parquet.JSON == "strict", path+".parquet.epoch", "is used only with parquet.json strict; set that or leave the key out", o.Parquet.Epoch)
}
