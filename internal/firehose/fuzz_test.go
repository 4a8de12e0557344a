package firehose

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzImport gives any text to every reader: whatever it holds, nothing panics, and a configuration that is made is one
// that can be loaded.
func FuzzImport(f *testing.F) {
	for _, pattern := range []string{"describe/*", "cloudformation/*", "terraform/*"} {
		files, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil || len(files) == 0 {
			f.Fatal(files, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(filepath.Ext(file), string(data), "Environment", "prod", uint8(len(data)))
		}
	}
	f.Fuzz(func(t *testing.T, ext, text, name, value string, options uint8) {
		if len(text) > 1<<16 || strings.Contains(ext, "/") {
			return
		}
		o := Options{Source: "x" + ext, Records: []string{"", RecordsJSON, RecordsText, RecordsRaw}[options%4], Backup: options&4 != 0}
		if options&8 != 0 {
			o.Trial = "trial/"
		}
		set := map[string]string{name: value}
		if options&16 != 0 {
			set = nil
		}
		found, err := Read([]File{{Name: "x" + ext, Data: []byte(text)}}, set)
		if err != nil {
			return
		}
		for _, one := range found {
			if _, err := Choose(found, one.Address); err != nil && one.Name() == "" {
				continue
			}
			yaml, report, err := Translate(one, o)
			if err != nil {
				continue
			}
			loaded(t, yaml)
			if text := report.String(); !utf8.ValidString(text) || strings.ContainsAny(text, "\x1b\x00\uE000") {
				t.Errorf("the report has characters that can not be shown: %q", text)
			}
		}
	})
}

// FuzzStream fuzzes what a delivery stream is set to, in the shape that every reader makes of it.
func FuzzStream(f *testing.F) {
	f.Add("orders", "arn:aws:kinesis:eu-west-1:111122223333:stream/orders", "arn:aws:s3:::lake", "a/!{timestamp:yyyy}/", "e/!{firehose:error-output-type}/", "GZIP", "Europe/Berlin", ".json", "Lambda", "LambdaArn", "arn", "5", uint8(0))
	f.Add("o", "stream/", "", "a", "a", "ZIP", "Local", "x", "MetadataExtraction", "MetadataExtractionQuery", "{a:.a}", "0", uint8(1))
	f.Add("_standpipe", "\uE000x\uE001", "arn:aws:s3:::192.168.1.1", "_standpipe/", "", "Snappy", "EST", ".", "RecordDeAggregation", "Delimiter", "IyMjIw==", "-1", uint8(2))
	f.Add("", "", "b..b", "!{partitionKeyFromQuery:a}/", "!{x", "HADOOP_SNAPPY", "", "", "Decompression", "", "", "9999999999999", uint8(3))
	f.Fuzz(func(t *testing.T, name, stream, bucket, prefix, errors, codec, zone, extension, kind, parameter, value, number string, options uint8) {
		texts := []*string{&name, &stream, &bucket, &prefix, &errors, &codec, &zone, &extension, &kind, &parameter, &value, &number}
		for _, text := range texts {
			*text = strings.ReplaceAll(clean(*text), "§", unresolved("R")) // for references in any place
		}
		destination := map[string]any{
			"BucketARN": bucket, "Prefix": prefix, "ErrorOutputPrefix": errors, "CompressionFormat": codec, "CustomTimeZone": zone, "FileExtension": extension,
			"BufferingHints":                   map[string]any{"SizeInMBs": number, "IntervalInSeconds": number},
			"DynamicPartitioningConfiguration": map[string]any{"Enabled": truth(options&1 != 0)},
			"ProcessingConfiguration": map[string]any{"Enabled": truth(options&2 == 0), "Processors": []any{
				map[string]any{"Type": kind, "Parameters": []any{map[string]any{"ParameterName": parameter, "ParameterValue": value}, map[string]any{"ParameterName": "SubRecordType", "ParameterValue": "DELIMITED"}}},
				map[string]any{"Type": "MetadataExtraction", "Parameters": []any{map[string]any{"ParameterName": "MetadataExtractionQuery", "ParameterValue": value}}},
			}},
			"EncryptionConfiguration": map[string]any{"KMSEncryptionConfig": map[string]any{"AWSKMSKeyARN": value}},
			"S3BackupMode":            []string{"Enabled", "Disabled", ""}[options%3],
			"S3BackupConfiguration":   map[string]any{"BucketARN": bucket, "Prefix": errors, "CompressionFormat": codec},
		}
		if options&4 != 0 {
			destination["DataFormatConversionConfiguration"] = map[string]any{
				"SchemaConfiguration":      map[string]any{"DatabaseName": name, "TableName": prefix, "Region": stream, "CatalogId": bucket, "VersionId": value},
				"InputFormatConfiguration": map[string]any{"Deserializer": map[string]any{"OpenXJsonSerDe": map[string]any{"CaseInsensitive": "false", "ColumnToJsonKeyMappings": map[string]any{name: value}}}},
				"OutputFormatConfiguration": map[string]any{"Serializer": map[string]any{"ParquetSerDe": map[string]any{
					"BlockSizeBytes": number, "PageSizeBytes": number, "Compression": codec, "WriterVersion": value, "EnableDictionaryCompression": "true"}}},
			}
		}
		found := decoded("Terraform", map[string]any{
			"DeliveryStreamName":                 name,
			"KinesisStreamSourceConfiguration":   map[string]any{"KinesisStreamARN": stream, "RoleARN": value},
			"ExtendedS3DestinationConfiguration": destination,
		})
		found.Address, found.Region = value, number
		o := Options{Source: "x", Records: []string{"", RecordsJSON, RecordsText, RecordsRaw}[options%4], Backup: options&8 != 0}
		if options&16 != 0 {
			o.Trial = "trial/"
		}
		yaml, report, err := Translate(found, o)
		if err != nil {
			return
		}
		loaded(t, yaml)
		if text := report.String(); !utf8.ValidString(text) || strings.ContainsAny(text, "\x1b\x00\uE000") {
			t.Errorf("the report has characters that can not be shown: %q", text)
		}
	})
}
