package firehose

import (
	"maps"
	"strings"
	"testing"

	"standpipe/config"
)

// minimal is the least that a delivery stream must have.
func minimal() map[string]any {
	return map[string]any{
		"DeliveryStreamName":                 "clicks",
		"KinesisStreamSourceConfiguration":   map[string]any{"KinesisStreamARN": "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks"},
		"ExtendedS3DestinationConfiguration": map[string]any{"BucketARN": "arn:aws:s3:::lake"},
	}
}

// imported translates the least delivery stream with other members of its destination.
func imported(t *testing.T, s3 map[string]any, o Options) (config.Config, string) {
	t.Helper()
	tree := minimal()
	maps.Copy(tree["ExtendedS3DestinationConfiguration"].(map[string]any), s3)
	yaml, report, err := Translate(decoded("CloudFormation", tree), o)
	if err != nil {
		t.Fatal(err)
	}
	return loaded(t, yaml), report.String()
}

func TestOtherSourcesAndDestinations(t *testing.T) {
	for _, c := range []struct {
		change map[string]any
		want   string
	}{
		{map[string]any{"RedshiftDestinationConfiguration": map[string]any{"Username": "x"}}, "delivery stream clicks delivers to Redshift: Standpipe writes to S3 only"},
		{map[string]any{"AmazonopensearchserviceDestinationConfiguration": map[string]any{"IndexName": "x"}}, "delivers to OpenSearch: "},
		{map[string]any{"HttpEndpointDestinationConfiguration": map[string]any{"RoleARN": "x"}}, "delivers to an HTTP endpoint: "},
		{map[string]any{"MSKSourceConfiguration": map[string]any{"TopicName": "x"}, "KinesisStreamSourceConfiguration": nil}, "reads from Amazon MSK: "},
		{map[string]any{"DatabaseSourceConfiguration": map[string]any{"Type": "MySQL"}}, "reads from a database: "},
		{map[string]any{"KinesisStreamSourceConfiguration": nil, "DeliveryStreamType": "DirectPut"}, "its producers put records into Firehose itself (DirectPut)"},
		{map[string]any{"ExtendedS3DestinationConfiguration": nil}, "has no S3 destination"},
		{map[string]any{"KinesisStreamSourceConfiguration": unresolved("If X")}, "can not be read: KinesisStreamSourceConfiguration: ${If X} is not known"},
	} {
		tree := minimal()
		maps.Copy(tree, c.change)
		_, _, err := Translate(decoded("CloudFormation", tree), Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.change, err, c.want)
		}
	}
	for _, source := range []map[string]any{{"MSKSourceConfiguration": map[string]any{"TopicName": "x"}}, {"DeliveryStreamType": "DirectPut"}} {
		tree := minimal()
		tree["KinesisStreamSourceConfiguration"] = nil
		maps.Copy(tree, source)
		yaml, report, err := Translate(decoded("CloudFormation", tree), Options{Stream: "new-clicks"})
		if err != nil || loaded(t, yaml).Stream.Name != "new-clicks" || !strings.Contains(report.String(), "into which the producers must put them") {
			t.Errorf("%v: %v\n%s", source, err, yaml)
		}
	}
	if _, _, err := Translate(decoded("x", minimal()), Options{Backup: true}); err == nil || !strings.Contains(err.Error(), "keeps no backup") {
		t.Error(err)
	}
}

func TestPrefixes(t *testing.T) {
	dynamic := map[string]any{"Enabled": "true"}
	query := map[string]any{"Enabled": "true", "Processors": []any{map[string]any{"Type": "MetadataExtraction", "Parameters": []any{
		map[string]any{"ParameterName": "MetadataExtractionQuery", "ParameterValue": "{a: .a}"}}}}}
	const implied = "!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH/}"
	for _, c := range []struct {
		s3                    map[string]any
		prefix, errors, tells string
	}{
		{map[string]any{}, "", implied, "is not set, so keys begin with yyyy/MM/dd/HH/."},
		{map[string]any{"Prefix": ""}, "", implied, "is not set"},
		{map[string]any{"Prefix": "legacy"}, "legacy", "legacy" + implied, "no slash is put between"},
		{map[string]any{"Prefix": "legacy", "ErrorOutputPrefix": "legacy"}, "legacy", "legacy" + implied, "since it is a prefix of data too"},
		{map[string]any{"Prefix": "a/", "ErrorOutputPrefix": "b/"}, "a/", "b/", "does not say what Firehose appends"},
		{map[string]any{"Prefix": "a/!{timestamp:yyyy}/", "ErrorOutputPrefix": "b/!{firehose:error-output-type}"}, "a/!{timestamp:yyyy}/", "b/!{firehose:error-output-type}", "character for character"},
		{map[string]any{"Prefix": "a/!{firehose:random-string}/", "ErrorOutputPrefix": "b/"}, "a/!{firehose:random-string}/", "b/", "do not agree whether Firehose appends"},
		{map[string]any{"Prefix": "a/!{timestamp:yyyy}/"}, "a/!{timestamp:yyyy}/", defaultErrors, "errors/ was taken"},
		{map[string]any{"Prefix": "a/b!{timestamp:y}!{", "ErrorOutputPrefix": "!{x}"}, "a/", defaultErrors, `can not be taken: offset 17: "!{" is not closed`},
		{map[string]any{"Prefix": "a/!{partitionKeyFromQuery:a}/", "ErrorOutputPrefix": "e/"}, "a/", "e/", "partitionKeyFromQuery:a}\" "},
		{map[string]any{"Prefix": "a/!{partitionKeyFromQuery:a}/", "ErrorOutputPrefix": "e/", "DynamicPartitioningConfiguration": dynamic}, "a/", "e/", "has no MetadataExtraction that finds it"},
		{map[string]any{"Prefix": "a/!{partitionKeyFromQuery:a}/", "ErrorOutputPrefix": "e/", "DynamicPartitioningConfiguration": dynamic, "ProcessingConfiguration": query}, "a/!{partitionKeyFromQuery:a}/", "e/", "character for character"},
		{map[string]any{"Prefix": "a/!{partitionKeyFromLambda:a}/", "ErrorOutputPrefix": "e/", "DynamicPartitioningConfiguration": dynamic}, "a/", "e/", "has no Lambda function that finds it"},
		{map[string]any{"Prefix": "_standpipe/", "ErrorOutputPrefix": "e/"}, "_standpipe/", "e/", "no slash"},
		{map[string]any{"Prefix": "a/" + unresolved("Stage") + "/"}, "a/REPLACE-Stage/", "a/REPLACE-Stage/" + implied, "outputs[0].prefix: Prefix is a/${Stage}/ in CloudFormation"},
	} {
		cfg, report := imported(t, c.s3, Options{})
		if cfg.Outputs[0].Prefix != c.prefix || cfg.Errors.Prefix != c.errors || !strings.Contains(unwrapped(report), c.tells) {
			t.Errorf("%v: %q, %q, want %q, %q and %q in\n%s", c.s3, cfg.Outputs[0].Prefix, cfg.Errors.Prefix, c.prefix, c.errors, c.tells, report)
		}
		if cfg, _ = imported(t, c.s3, Options{Trial: "trial/"}); !strings.HasPrefix(cfg.Outputs[0].Prefix, "trial/"+c.prefix) || !strings.HasPrefix(cfg.Errors.Prefix, "trial/") || cfg.Leases.Application != "clicks-trial" {
			t.Errorf("%v in a trial: %q, %q", c.s3, cfg.Outputs[0].Prefix, cfg.Errors.Prefix)
		}
	}
}

// unwrapped is a report on one line.
func unwrapped(report string) string { return strings.Join(strings.Fields(report), " ") }

func TestBuffers(t *testing.T) {
	hints := func(size, interval string) map[string]any {
		return map[string]any{"BufferingHints": map[string]any{"SizeInMBs": size, "IntervalInSeconds": interval}}
	}
	converted := map[string]any{"DataFormatConversionConfiguration": map[string]any{"SchemaConfiguration": map[string]any{"DatabaseName": "d", "TableName": "t"}}}
	off := map[string]any{"DataFormatConversionConfiguration": map[string]any{"Enabled": "false"}}
	for _, c := range []struct {
		s3       map[string]any
		size     config.Size
		interval string
	}{
		{nil, 5 * config.MiB, "5m"},
		{converted, 128 * config.MiB, "5m"},
		{off, 5 * config.MiB, "5m"},
		{map[string]any{"DynamicPartitioningConfiguration": map[string]any{"Enabled": "true"}, "ErrorOutputPrefix": "e/"}, 128 * config.MiB, "5m"},
		{hints("1", "60"), config.MiB, "1m"},
		{hints("128", "900"), 128 * config.MiB, "15m"},
		{hints("64.0", "0"), 64 * config.MiB, "5s"},
		{hints(unresolved("Size"), "61"), 5 * config.MiB, "1m1s"},
	} {
		cfg, _ := imported(t, c.s3, Options{})
		if cfg.Buffer.Size != c.size || cfg.Buffer.Interval.String() != c.interval {
			t.Errorf("%v: %s, %s, want %s, %s", c.s3, cfg.Buffer.Size, cfg.Buffer.Interval, c.size, c.interval)
		}
	}
}

// processing is a ProcessingConfiguration; each processor is a type with names and values behind it.
func processing(enabled string, processors ...[]string) map[string]any {
	var all []any
	for _, p := range processors {
		var parameters []any
		for i := 1; i+1 < len(p); i += 2 {
			parameters = append(parameters, map[string]any{"ParameterName": p[i], "ParameterValue": p[i+1]})
		}
		all = append(all, map[string]any{"Type": p[0], "Parameters": parameters})
	}
	return map[string]any{"ProcessingConfiguration": map[string]any{"Enabled": enabled, "Processors": all}}
}

func TestProcessors(t *testing.T) {
	lambda := []string{"Lambda", "LambdaArn", "arn:aws:lambda:eu-west-1:111122223333:function:f"}
	keys := []string{"MetadataExtraction", "MetadataExtractionQuery", "{a: .a}"}
	unpack, logs := []string{"Decompression", "CompressionFormat", "GZIP"}, []string{"CloudWatchLogProcessing", "DataMessageExtraction", "true"}
	split := []string{"RecordDeAggregation", "SubRecordType", "JSON"}
	newline := []string{"AppendDelimiterToRecord", "Delimiter", "\\n"}
	for _, c := range []struct {
		s3    map[string]any
		steps string
		tells string
	}{
		{processing("true", newline, keys, lambda, split, logs, unpack), "decompress split lambda partition_keys", "the order in which Firehose runs its processors"},
		{processing("true", unpack), "decompress", "records are unpacked with gzip"},
		{processing("true", unpack, []string{"CloudWatchLogProcessing", "DataMessageExtraction", "false"}), "decompress", "records are unpacked with gzip"},
		{processing("true", lambda, lambda), "lambda", "Lambda: is listed 2 times"},
		{processing("true", []string{"Lambda", "LambdaArn", "arn:aws:lambda:eu-west-1:111122223333:function:AddNewlines"}), "lambda", "seems to add newlines"},
		{processing("true", []string{"Lambda", "LambdaArn", "arn:aws:lambda:eu-west-1:111122223333:function:firehose-cloudwatch-logs-processor"}), "lambda", "write `- decompress: cloudwatch_logs` in place"},
		{processing("true", []string{"Lambda", "NumberOfRetries", "x", "BufferSizeInMBs", "y"}), "lambda", "steps.lambda.function: the function's ARN is not in the file"},
		{processing("true", []string{"Telepathy"}), "", "the processor Telepathy is not known"},
		{processing("true", []string{"MetadataExtraction"}), "", "MetadataExtraction has no query"},
		{processing("true", []string{"MetadataExtraction", "MetadataExtractionQuery", "{a:"}), "partition_keys", "the query can not be run here: it is no jq program"},
		{processing("true", []string{"RecordDeAggregation", "SubRecordType", "DELIMITED", "Delimiter", "####"}), "split", "is not text in base64"},
		{processing("false", lambda), "", "is not enabled, so its processors are left out"},
		{map[string]any{"ProcessingConfiguration": map[string]any{"Processors": []any{map[string]any{"Type": "Lambda"}}}}, "", "is not enabled"},
		{map[string]any{"ProcessingConfiguration": map[string]any{"Enabled": "false"}}, "", "The same"},
	} {
		cfg, report := imported(t, c.s3, Options{})
		var steps []string
		for _, s := range cfg.Steps {
			steps = append(steps, s.Kind())
		}
		if got := strings.Join(steps, " "); got != c.steps || !strings.Contains(unwrapped(report), c.tells) {
			t.Errorf("%v: steps %q, want %q, and %q in\n%s", c.s3, got, c.steps, c.tells, report)
		}
	}
	cfg, _ := imported(t, processing("true", []string{"Lambda", "LambdaArn", "f", "NumberOfRetries", "0", "BufferSizeInMBs", "0.2", "RoleArn", "r"}), Options{})
	if l := cfg.Steps[0].Lambda; l.Function != "f" || l.Retries != 0 || l.BufferSize != 205*config.KiB || l.RoleARN != "" {
		t.Errorf("%+v", l)
	}
	cfg, _ = imported(t, processing("true", []string{"RecordDeAggregation", "SubRecordType", "DELIMITED", "Delimiter", "fAp8"}), Options{})
	if cfg.Steps[0].Delimiter != "|\n|" {
		t.Errorf("%q", cfg.Steps[0].Delimiter)
	}
}

// TestRecords: JSON is checked unless somebody says otherwise, or what comes is messages of logs.
func TestRecords(t *testing.T) {
	messages := processing("true", []string{"Decompression"}, []string{"CloudWatchLogProcessing"})
	for _, c := range []struct {
		s3       map[string]any
		records  string
		validate string
	}{
		{nil, "", "json"}, {nil, RecordsJSON, "json"}, {nil, RecordsText, "none"}, {messages, "", "none"}, {messages, RecordsJSON, "json"},
		{processing("true", []string{"Decompression"}, []string{"CloudWatchLogProcessing"}, []string{"MetadataExtraction", "MetadataExtractionQuery", "{a: .a}"}), "", "json"},
		{processing("true", []string{"AppendDelimiterToRecord"}), "", "json"},
	} {
		if cfg, _ := imported(t, c.s3, Options{Records: c.records}); cfg.Outputs[0].Validate != c.validate || cfg.Outputs[0].Format != "ndjson" {
			t.Errorf("%v, %q: %+v", c.s3, c.records, cfg.Outputs[0])
		}
	}
}

// TestRawRecords are Firehose's bytes, and names.
func TestRawRecords(t *testing.T) {
	for delimiter, s3 := range map[string]map[string]any{"": nil, "\n": processing("true", []string{"AppendDelimiterToRecord"})} {
		cfg, report := imported(t, s3, Options{Records: RecordsRaw})
		if o := cfg.Outputs[0]; o.Format != "raw" || o.Delimiter != delimiter || o.Extension != "" || !strings.Contains(unwrapped(report), "FileExtension: is not set, so object names have no ending.") {
			t.Errorf("%q: %+v\n%s", delimiter, o, report)
		}
	}
}

func TestCodecsAndExtensions(t *testing.T) {
	for format, want := range map[string]string{"": "none .ndjson-like", "UNCOMPRESSED": "none .ndjson-like", "GZIP": "gzip .gz", "ZIP": "zip own", "Snappy": "snappy own", "HADOOP_SNAPPY": "hadoop_snappy own", "lzma": "none .ndjson-like"} {
		cfg, report := imported(t, map[string]any{"CompressionFormat": format}, Options{})
		o := cfg.Outputs[0]
		codec, extension, _ := strings.Cut(want, " ")
		if o.Compression != codec || cfg.Errors.Compression != codec || o.ContentEncoding != (codec != "none") || (extension == ".gz") != (o.Extension == ".gz") {
			t.Errorf("%s: %+v", format, o)
		}
		if (extension == ".ndjson-like") != strings.Contains(unwrapped(report), "Here they have one, such as .ndjson.") {
			t.Errorf("%s: %s", format, report)
		}
	}
	if cfg, _ := imported(t, map[string]any{"CompressionFormat": "GZIP", "FileExtension": ".json.gz"}, Options{}); cfg.Outputs[0].Extension != ".json.gz" {
		t.Errorf("%+v", cfg.Outputs[0])
	}
}

func TestChoose(t *testing.T) {
	one, two, three := minimal(), minimal(), minimal()
	two["DeliveryStreamName"] = "other"
	delete(three, "DeliveryStreamName")
	a, b, c := decoded("x", one), decoded("x", two), decoded("x", three)
	a.Address, b.Address, c.Address = "A", "B", "C"
	for _, s := range []struct {
		found      []Found
		name, want string
	}{
		{nil, "", "there is no delivery stream in it"},
		{[]Found{a}, "", ""}, {[]Found{a}, "clicks", ""}, {[]Found{a}, "A", ""},
		{[]Found{a}, "x", "no delivery stream is called x; there are:\n  clicks (A)"},
		{[]Found{a, b, c}, "", "there are 3 delivery streams: choose one with --name\n  clicks (A)\n  other (B)\n  C"},
		{[]Found{a, b, c}, "C", ""}, {[]Found{a, b, c}, "other", ""},
		{[]Found{a, a}, "clicks", "2 delivery streams are called clicks: choose by address"},
	} {
		_, err := Choose(s.found, s.name)
		if s.want == "" && err != nil || s.want != "" && (err == nil || !strings.HasPrefix(err.Error(), s.want)) {
			t.Errorf("%q: %v, want %q", s.name, err, s.want)
		}
	}
}

func TestFilesOfOtherKinds(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "it is empty",
		"{}":                            "it is none of these",
		"[1]":                           "it is none of these",
		"hello":                         "it is none of these",
		"a: [":                          "it is neither JSON nor YAML nor Terraform",
		`{"DeliveryStreamNames":["a"]}`: "it lists names only",
		`{"TemplateBody":"a"}`:          "its TemplateBody has no Resources",
	} {
		if _, err := Read([]File{{Name: "-", Data: []byte(text)}}, nil); err == nil || !strings.Contains(err.Error(), "read -: "+want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	// The same delivery stream in many wrappings.
	properties := `{"DeliveryStreamName": "a", "KinesisStreamSourceConfiguration": {"KinesisStreamARN": "s"}, "ExtendedS3DestinationConfiguration": {"BucketARN": "b"}}`
	template := `{"Resources": {"D": {"Type": "AWS::KinesisFirehose::DeliveryStream", "Properties": ` + properties + `}}}`
	for _, text := range []string{
		properties, "\uFEFF" + properties, template, `{"TemplateBody": ` + template + `}`, `{"TemplateBody": "` + strings.ReplaceAll(template, `"`, `\"`) + `"}`,
		"Resources:\n  D:\n    Type: AWS::KinesisFirehose::DeliveryStream\n    Properties: " + properties,
		`{"DeliveryStreamDescription": {"DeliveryStreamName": "a", "Source": {"KinesisStreamSourceDescription": {"KinesisStreamARN": "s"}}, "Destinations": [{"ExtendedS3DestinationDescription": {"BucketARN": "b"}}]}}`,
		`{"DeliveryStreamName": "a", "Source": {"KinesisStreamSourceDescription": {"KinesisStreamARN": "s"}}, "Destinations": [{"ExtendedS3DestinationDescription": {"BucketARN": "b"}}]}`,
		"DeliveryStreamDescription:\n  DeliveryStreamName: a\n  Source: {KinesisStreamSourceDescription: {KinesisStreamARN: s}}\n  Destinations: [{ExtendedS3DestinationDescription: {BucketARN: b}}]",
		`{"format_version": "1.2", "planned_values": {"root_module": {"resources": [{"type": "aws_kinesis_firehose_delivery_stream", "values": {"name": "a", "kinesis_source_configuration": [{"kinesis_stream_arn": "s"}], "extended_s3_configuration": [{"bucket_arn": "b"}]}}]}}}`,
		`{"resource": {"aws_kinesis_firehose_delivery_stream": {"d": {"name": "a", "kinesis_source_configuration": {"kinesis_stream_arn": "s"}, "extended_s3_configuration": [{"bucket_arn": "b"}]}}}}`,
		"resource \"aws_kinesis_firehose_delivery_stream\" \"d\" {\n name = \"a\"\n kinesis_source_configuration {\n kinesis_stream_arn = \"s\"\n }\n extended_s3_configuration {\n bucket_arn = \"b\"\n }\n}\n",
	} {
		found, err := Read([]File{{Name: "-", Data: []byte(text)}}, nil)
		if err != nil || len(found) != 1 || found[0].Stream.DeliveryStreamName != "a" || found[0].Stream.KinesisStreamSourceConfiguration.KinesisStreamARN != "s" || found[0].Stream.s3().BucketARN != "b" {
			t.Errorf("%s: %+v, %v", text, found, err)
		}
	}
}

func TestUnknownMembersAreTold(t *testing.T) {
	_, report := imported(t, map[string]any{"Telepathy": map[string]any{"Enabled": "true"}, "Empty": []any{}}, Options{})
	if text := unwrapped(report); !strings.Contains(text, "ExtendedS3DestinationConfiguration.Telepathy: is not known to this version") || strings.Contains(text, "Empty") {
		t.Error(report)
	}
	// Everything in the samples is known.
	for _, s := range samples {
		for _, name := range s.files {
			found, err := Read([]File{{Name: name, Data: contents(t, name)}}, nil)
			if err != nil {
				t.Error(err)
			}
			for _, f := range found {
				if len(f.Unknown) > 0 {
					t.Errorf("%s: unknown %q", name, f.Unknown)
				}
			}
		}
	}
}

// TestBackup: the source is a second output where the steps leave records as they are, and a configuration of its own
// wherever it is wanted.
func TestBackup(t *testing.T) {
	keys := []string{"MetadataExtraction", "MetadataExtractionQuery", "{a: .a}"}
	for _, c := range []struct {
		processors [][]string
		taken      bool
		tells      string
	}{
		{nil, true, "a second output holds the records as they were in the stream"},
		{[][]string{{"AppendDelimiterToRecord"}}, true, "a second output"},
		{[][]string{keys}, true, "records whose partition keys can not be found are in the error prefix alone"},
		{[][]string{{"Lambda", "LambdaArn", "f"}}, false, "--backup -o source.yaml"},
		{[][]string{{"Decompression"}}, false, "--backup -o source.yaml"},
		{[][]string{{"RecordDeAggregation", "SubRecordType", "JSON"}, keys}, false, "--backup -o source.yaml"},
	} {
		s3 := processing("true", c.processors...)
		s3["Prefix"], s3["S3BackupMode"] = "data/", "Enabled"
		s3["S3BackupConfiguration"] = map[string]any{
			"BucketARN": "arn:aws:s3:::archive", "Prefix": "source/", "CompressionFormat": "GZIP",
			"BufferingHints":          map[string]any{"SizeInMBs": "7", "IntervalInSeconds": "70"},
			"EncryptionConfiguration": map[string]any{"KMSEncryptionConfig": map[string]any{"AWSKMSKeyARN": "k"}},
		}
		cfg, report := imported(t, s3, Options{Source: "a.json"})
		if (len(cfg.Outputs) == 2) != c.taken || !strings.Contains(unwrapped(report), c.tells) {
			t.Errorf("%v: %+v, no %q in\n%s", c.processors, cfg.Outputs, c.tells, report)
		}
		if c.taken {
			if o := cfg.Outputs[1]; o.Name != "source" || o.Bucket != "archive" || o.Prefix != "source/" || o.Compression != "gzip" || !strings.Contains(unwrapped(report), "s3.kms_key is one for all buckets (none here, k for the backup)") {
				t.Errorf("%v: %+v\n%s", c.processors, o, report)
			}
		}
		cfg, _ = imported(t, s3, Options{Source: "a.json", Backup: true})
		if o := cfg.Outputs[0]; len(cfg.Outputs) != 1 || len(cfg.Steps) > 0 || o.Bucket != "archive" || o.Prefix != "source/" || cfg.S3.KMSKey != "k" || cfg.Buffer.Size != 7*config.MiB || cfg.Leases.Application != "clicks-source" {
			t.Errorf("%v: %+v", c.processors, cfg)
		}
		s3["S3BackupMode"] = "Disabled"
		if cfg, _ = imported(t, s3, Options{}); len(cfg.Outputs) != 1 {
			t.Errorf("%v: %+v", c.processors, cfg.Outputs)
		}
	}
}
