package firehose

// codecs are Firehose's compression formats and what they are called here.
var codecs = map[string]struct{ name, extension string }{
	"UNCOMPRESSED":  {"none", ""},
	"GZIP":          {"gzip", ".gz"},
	"ZIP":           {"zip", ".zip"},
	"Snappy":        {"snappy", ".snappy"},
	"HADOOP_SNAPPY": {"hadoop_snappy", ".snappy"},
}

// codec is the codec of a destination's objects, none for one that is not known.
func (t *translation) codec(d *Destination) string {
	if c, ok := codecs[d.CompressionFormat]; ok {
		return c.name
	}
	return "none"
}

// format writes what the objects are: lines or Parquet files.
func (t *translation) format(out mapping) {
	if t.converts() {
		t.conversion(out)
		t.extension(out, ".parquet", false)
		return
	}
	raw := t.lines(out)
	t.compression(out, t.s3)
	t.extension(out, codecs[t.s3.CompressionFormat].extension, raw)
	t.better("Codecs", "compression may be zstd too, where your readers know it.")
}

// lines writes the format of what is not converted, and says whether that is raw.
func (t *translation) lines(out mapping) (raw bool) {
	records, newline := t.o.Records, t.processor("AppendDelimiterToRecord") != nil
	between := "with nothing between them"
	if newline {
		between = "with a newline between them"
	}
	if t.o.Backup {
		records, newline, between = RecordsRaw, false, "with nothing between them"
	}
	if records == "" {
		records = RecordsJSON
		if t.processor("CloudWatchLogProcessing") != nil && t.processor("MetadataExtraction") == nil { // which takes JSON only
			records = RecordsText
		}
	}
	switch records {
	case RecordsRaw:
		out.plain("format", "raw", "bytes as they come")
		delimiter, comment := "", "nothing between records"
		if newline {
			delimiter, comment = "\n", "AppendDelimiterToRecord"
		}
		out.add("delimiter", doubleQuoted(delimiter), comment)
		t.same("Records", "are written byte for byte, %s.", between)
		if newline {
			t.different("AppendDelimiterToRecord", "Firehose puts no newline behind the last record, and a second one behind a record that ends in one; here each record ends in one newline at least, and gets no second one.")
		}
		return true
	case RecordsText:
		out.plain("format", "ndjson", "a line for each record")
		out.plain("validate", "none", "records need not be JSON")
		t.different("Records", "Firehose joins them %s. Here each ends in a newline, unless it has one already; nothing else is changed or looked at. If all are JSON, import with --records json; for objects that are the same byte for byte, with --records raw.", between)
	default:
		out.plain("format", "ndjson", "a line for each JSON value")
		t.better("Lines", "each JSON value is one line, so readers find every record: pretty-printed records are put on one line, several values in one record on a line each; numbers, escapes and the order of keys stay byte for byte.")
		t.different("Records", "Firehose joins them %s, whatever they hold. Here what is no JSON goes to the error prefix, as processing-failed. If that is wrong for this stream, import with --records text, which checks nothing and ends each record in a newline, or with --records raw, which writes the same bytes as Firehose.", between)
	}
	return false
}

// compression writes the codec of a destination's objects.
func (t *translation) compression(out mapping, d *Destination) {
	codec, comment := t.codec(d), "CompressionFormat"
	switch _, known := codecs[d.CompressionFormat]; {
	case d.CompressionFormat == "":
		comment = "CompressionFormat is not set"
	case !known:
		comment = "TO FILL IN: CompressionFormat is " + shown(d.CompressionFormat)
		t.fillIn("outputs[].compression", "CompressionFormat "+shown(d.CompressionFormat)+" is not known; it must be GZIP, ZIP, Snappy, HADOOP_SNAPPY or UNCOMPRESSED")
	}
	out.plain("compression", codec, comment)
	if codec == "none" {
		if d == t.s3 {
			t.same("CompressionFormat", "objects are not compressed. gzip makes most JSON a fifth of its size.")
		}
		return
	}
	out.plain("content_encoding", "true", "Firehose declares its codec")
	if d == t.s3 {
		t.same("CompressionFormat", "%s, which is %s here, in the same framing and declared as Content-Encoding. HTTP clients then decompress by themselves; take content_encoding out if yours should not.", d.CompressionFormat, codec)
	}
}

// extension writes the end of object names.
func (t *translation) extension(out mapping, usual string, raw bool) {
	if e := t.s3.FileExtension; e != "" {
		text, comment := t.text("outputs[0].extension", "FileExtension", e, fitExtension)
		out.set("extension", text, comment)
		t.same("FileExtension", "%s", shown(e))
		return
	}
	switch {
	case usual == "" && raw:
		t.same("FileExtension", "is not set, so object names have no ending.")
	case usual == "":
		t.different("FileExtension", "is not set, and without compression Firehose's object names have no ending. Here they have one, such as .ndjson.")
	case usual == ".gz":
		out.set("extension", usual, "FileExtension is not set: Firehose's default")
		t.same("FileExtension", "is not set, so object names end in %s.", usual)
	default:
		t.same("FileExtension", "is not set, so object names end in %s.", usual)
	}
}

// converts says whether records become Parquet or ORC.
func (t *translation) converts() bool {
	c := t.s3.DataFormatConversionConfiguration
	return c != nil && (c.Enabled == nil || *c.Enabled) && !t.o.Backup
}
