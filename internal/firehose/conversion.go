package firehose

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"standpipe/config"
)

// conversion writes an output of Parquet files.
func (t *translation) conversion(out mapping) {
	c := t.s3.DataFormatConversionConfiguration
	options := &Parquet{}
	if o := c.OutputFormatConfiguration; o != nil && o.Serializer != nil {
		if o.Serializer.OrcSerDe != nil {
			t.fillIn("outputs[0].glue.table", "ORC is not written: the output is Parquet. Create a table like this one that is STORED AS PARQUET and name it here; this one's readers find nothing they can read")
			t.notTaken("OrcSerDe", "Standpipe writes Parquet in place of ORC. Engines that read the one read the other; its options have no meaning there.")
		}
		if o.Serializer.ParquetSerDe != nil {
			options = o.Serializer.ParquetSerDe
		}
	}
	out.plain("format", "parquet", "DataFormatConversionConfiguration")
	t.parquetCodec(out, options.Compression)
	t.glue(out)
	t.parquet(out, options)
}

var parquetCodecs = map[string]string{"": "snappy", "SNAPPY": "snappy", "GZIP": "gzip", "UNCOMPRESSED": "none"}

func (t *translation) parquetCodec(out mapping, name string) {
	codec, known := parquetCodecs[name]
	if !known {
		codec = "snappy"
		t.fillIn("outputs[0].compression", "ParquetSerDe.Compression "+shown(name)+" is not known; it must be SNAPPY, GZIP or UNCOMPRESSED")
	}
	comment := "ParquetSerDe.Compression"
	if name == "" {
		comment += " is not set"
	}
	out.plain("compression", codec, comment)
	t.same("ParquetSerDe", "Parquet, compressed with %s inside the file. Standpipe declares no Content-Encoding for it; Firehose declares hadoop-snappy, which confuses HTTP clients.", codec)
	t.better("Codecs", "compression may be zstd too, inside Parquet files, where your engines know it.")
}

// glue writes where the columns come from.
func (t *translation) glue(out mapping) {
	s := t.s3.DataFormatConversionConfiguration.SchemaConfiguration
	section := out.section("glue", "")
	const key = "outputs[0].glue."
	if s == nil || s.DatabaseName == "" || s.TableName == "" {
		t.fillIn(key+"table", "SchemaConfiguration names no table; name database and table")
	}
	database, table := "REPLACE-database", "REPLACE-table"
	from, of := "TO FILL IN", "TO FILL IN"
	if s != nil && s.DatabaseName != "" {
		database, from = t.text(key+"database", "SchemaConfiguration.DatabaseName", s.DatabaseName, fitWord)
	}
	if s != nil && s.TableName != "" {
		table, of = t.text(key+"table", "SchemaConfiguration.TableName", s.TableName, fitWord)
	}
	section.set("database", database, from)
	section.set("table", table, of)
	if s == nil {
		return
	}
	if s.CatalogId != "" {
		id, comment := t.text(key+"catalog_id", "SchemaConfiguration.CatalogId", s.CatalogId, fitCatalog)
		section.set("catalog_id", id, comment)
	}
	switch {
	case regionName.MatchString(s.Region):
		section.set("region", s.Region, "SchemaConfiguration.Region")
	case s.Region != "" && (len(refs(s.Region)) == 0 || t.found.Region != ""):
		t.fillIn(key+"region", "SchemaConfiguration.Region is "+shown(s.Region)+"; without the key it is the stream's region")
	}
	t.role("AWS Glue", s.RoleARN)
	t.same("SchemaConfiguration", "columns are those of the Glue table %s.%s; a column that somebody adds is in the next batch.", database, table)
	if v := s.VersionId; v != "" && v != "LATEST" {
		t.notTaken("SchemaConfiguration.VersionId", "is %s; Standpipe follows the newest version. To keep columns fixed, list them in outputs[0].schema in place of glue; `standpipe schema` proposes such a list from the stream's records.", shown(v))
	}
}

// fitCatalog is for ids of catalogs.
func fitCatalog(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < '!' || r > '~' {
			return '-'
		}
		return r
	}, text)
	return text[:min(len(text), 255)]
}

// parquet writes how records are read and files laid out.
func (t *translation) parquet(out mapping, o *Parquet) {
	section := newMapping()
	t.serde(section)
	section.plain("timestamps", "int96", "as Firehose writes them")
	t.same("Timestamps", "are INT96, as in Firehose's files, so that old and new files of a table have the same types. For a new table take the key out: times are then 64-bit microseconds, with a type of their own.")
	if o.BlockSizeBytes != nil {
		size := bounds(*o.BlockSizeBytes, int(config.MiB), int(config.GiB))
		section.plain("row_group_size", config.Size(size).String(), "ParquetSerDe.BlockSizeBytes")
		t.same("ParquetSerDe.BlockSizeBytes", "%s of values end a row group; so does an eighth of buffer.memory, for which raise that.", config.Size(size))
	}
	if o.PageSizeBytes != nil {
		size := bounds(*o.PageSizeBytes, 8*int(config.KiB), 64*int(config.MiB))
		section.plain("page_size", config.Size(size).String(), "ParquetSerDe.PageSizeBytes")
		t.same("ParquetSerDe.PageSizeBytes", "%s.", config.Size(size))
	}
	if o.WriterVersion == "V2" {
		section.plain("page_version", "2", "ParquetSerDe.WriterVersion")
		t.same("ParquetSerDe.WriterVersion", "V2, so pages are of version 2.")
	}
	if o.EnableDictionaryCompression != nil {
		section.plain("dictionary", strconv.FormatBool(*o.EnableDictionaryCompression), "ParquetSerDe.EnableDictionaryCompression")
	} else {
		t.better("Dictionaries", "are made for columns whose first rows say that it pays, unless parquet.dictionary is false.")
	}
	if o.MaxPaddingBytes != nil && *o.MaxPaddingBytes > 0 {
		t.notTaken("ParquetSerDe.MaxPaddingBytes", "is about blocks of HDFS; S3 has none.")
	}
	out.node.Content = append(out.node.Content, textNode("parquet"), section.node)
	t.better("Queries", "parquet.sort_by sorts rows so that queries for few values read little; catalog: glue registers partitions, so that no crawler and no MSCK REPAIR TABLE is needed; `standpipe ddl` prints the table.")
}

// bounds is n within limits.
func bounds(n, least, most int) int { return min(max(n, least), most) }

// serde writes how JSON is read.
func (t *translation) serde(section mapping) {
	in := t.s3.DataFormatConversionConfiguration.InputFormatConfiguration
	section.plain("json", "openx", "Deserializer")
	if in == nil || in.Deserializer == nil {
		return
	}
	if hive := in.Deserializer.HiveJsonSerDe; hive != nil {
		t.notTaken("HiveJsonSerDe", "records are read as the OpenX SerDe reads them, which takes all that the Hive SerDe takes but for times in formats of their own, and more: strings for numbers are converted, not refused. For values of the columns' types only, set parquet.json: strict.")
		if len(hive.TimestampFormats) > 0 {
			t.fillIn("steps", fmt.Sprintf("HiveJsonSerDe.TimestampFormats (%s) is not taken over: taken are yyyy-MM-dd HH:mm:ss, yyyy-MM-dd'T'HH:mm:ssZ in UTC, and numbers of seconds or milliseconds. If times come in another form, rewrite them by a step, such as jq: '.time |= (strptime(\"%%d/%%b/%%Y:%%H:%%M:%%S %%z\") | mktime)'", shown(strings.Join(hive.TimestampFormats, ", "))))
		}
	}
	x := in.Deserializer.OpenXJsonSerDe
	if x == nil {
		return
	}
	if x.CaseInsensitive != nil && !*x.CaseInsensitive {
		section.plain("case_insensitive", "false", "OpenXJsonSerDe.CaseInsensitive")
	}
	if x.ConvertDotsInJsonKeysToUnderscores != nil && *x.ConvertDotsInJsonKeysToUnderscores {
		section.plain("dots_to_underscores", "true", "OpenXJsonSerDe.ConvertDotsInJsonKeysToUnderscores")
	}
	t.same("OpenXJsonSerDe", "records are converted by the same rules, with the options for case and dots.")
	if len(x.ColumnToJsonKeyMappings) > 0 {
		t.mappings(x.ColumnToJsonKeyMappings)
	}
}

// mappings says where mappings of columns to keys belong, which are the table's own here.
func (t *translation) mappings(keys map[string]string) {
	var properties, columns []string
	for _, column := range slices.Sorted(maps.Keys(keys)) {
		properties = append(properties, "mapping."+column+"="+keys[column])
		columns = append(columns, column+" <type> from "+keys[column])
	}
	t.fillIn("outputs[0].glue", fmt.Sprintf("OpenXJsonSerDe.ColumnToJsonKeyMappings belongs to the columns here. Either give the Glue table's SerDe the properties %s, or write outputs[0].schema in place of glue, with %s among the columns. Without it these columns stay null",
		strings.Join(properties, ", "), strings.Join(columns, ", ")))
}
