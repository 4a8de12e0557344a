package firehose

import (
	"encoding/base64"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"standpipe/config"
	"standpipe/internal/jq"
	"standpipe/partition"
)

// processors are Firehose's, in the order in which it runs them, whatever order they are declared in.
// https://docs.aws.amazon.com/firehose/latest/dev/create-destination.html
var processors = []struct {
	kind string
	step func(t *translation, p parameters) (mapping, bool)
}{
	{"Decompression", (*translation).decompress},
	{"CloudWatchLogProcessing", nil}, // part of the one before
	{"RecordDeAggregation", (*translation).split},
	{"Lambda", (*translation).lambda},
	{"MetadataExtraction", (*translation).keys},
	{"AppendDelimiterToRecord", nil}, // part of the output
}

// parameters are those of a processor, by their names.
type parameters map[string]string

// processor gives the parameters of a processor, nil if there is none of its kind or processing is off.
func (t *translation) processor(kind string) parameters {
	p := t.s3.ProcessingConfiguration
	if t.o.Backup || p == nil || p.Enabled == nil || !*p.Enabled {
		return nil
	}
	for _, one := range p.Processors {
		if one.Type != kind {
			continue
		}
		all := parameters{}
		for _, pair := range one.Parameters {
			all[pair.ParameterName] = pair.ParameterValue
		}
		return all
	}
	return nil
}

// steps makes the entries of the list of steps.
func (t *translation) steps() (all []mapping) {
	p := t.s3.ProcessingConfiguration
	if p == nil || t.o.Backup {
		return nil
	}
	if p.Enabled == nil || !*p.Enabled {
		if len(p.Processors) > 0 {
			t.different("ProcessingConfiguration", "is not enabled, so its processors are left out, as Firehose leaves them out.")
		}
		return nil
	}
	count := map[string]int{}
	for _, one := range p.Processors {
		count[one.Type]++
	}
	for _, kind := range processors {
		if count[kind.kind] > 1 {
			t.notTaken(kind.kind, "is listed %d times; Firehose runs it once, and the first was taken.", count[kind.kind])
		}
		if given := t.processor(kind.kind); given != nil && kind.step != nil {
			if step, ok := kind.step(t, given); ok {
				all = append(all, step)
			}
		}
		delete(count, kind.kind)
	}
	for kind := range count {
		t.fillIn("steps", "the processor "+shown(kind)+" is not known to this version of Standpipe, and left out")
	}
	if len(all) > 1 {
		t.same("ProcessingConfiguration", "the steps stand in the order in which Firehose runs its processors, which need not be the order in which they were declared.")
	}
	return all
}

// decompress takes Decompression and CloudWatchLogProcessing together.
func (t *translation) decompress(parameters) (mapping, bool) {
	step := newMapping()
	extraction := t.processor("CloudWatchLogProcessing")
	if extraction == nil || strings.EqualFold(extraction["DataMessageExtraction"], "false") {
		step.plain("decompress", "gzip", "Decompression")
		t.same("Decompression", "records are unpacked with gzip; one that is no gzip goes to the error prefix as decompression-failed. Firehose also checks that it is an envelope of CloudWatch Logs.")
		return step, true
	}
	step.plain("decompress", "cloudwatch_logs", "Decompression and CloudWatchLogProcessing")
	t.same("CloudWatchLogProcessing", "the messages are written, without the envelopes.")
	t.better("CloudWatchLogProcessing", "control messages are dropped; Firehose makes empty records of them, which a conversion sends to the error prefix. Each message is a record of its own, so that one that can not be converted does not take the others with it.")
	if t.processor("Lambda") != nil {
		t.different("CloudWatchLogProcessing", "the Lambda function gets each message alone, where Firehose gives it all messages of an envelope as lines of one record.")
	}
	return step, true
}

// split takes RecordDeAggregation.
func (t *translation) split(p parameters) (mapping, bool) {
	step := newMapping()
	t.better("RecordDeAggregation", "a record may hold any number of records; Firehose takes 500 apart, and hands a record with more on as it is.")
	if !strings.EqualFold(p["SubRecordType"], "DELIMITED") {
		step.plain("split", "json", "RecordDeAggregation, SubRecordType "+p["SubRecordType"])
		t.same("RecordDeAggregation", "JSON values that follow each other are records of their own.")
		return step, true
	}
	text, err := base64.StdEncoding.DecodeString(p["Delimiter"])
	comment := "RecordDeAggregation, Delimiter " + p["Delimiter"] + " in base64"
	if err != nil || len(text) == 0 || !utf8.Valid(text) || strings.ContainsRune(string(text), refOpen) {
		text, comment = []byte("\n"), "TO FILL IN: RecordDeAggregation, Delimiter is "+shown(p["Delimiter"])
		t.fillIn("steps", "RecordDeAggregation's Delimiter, "+shown(p["Delimiter"])+", is not text in base64; a newline was taken")
	}
	step.plain("split", "delimiter", "RecordDeAggregation, SubRecordType DELIMITED")
	step.add("delimiter", doubleQuoted(string(text)), comment)
	t.same("RecordDeAggregation", "records are split at %s.", strconv.Quote(string(text)))
	return step, true
}

// looksLikeNewline and looksLikeLogs find what functions do whose work Standpipe does itself.
var (
	looksLikeNewline = regexp.MustCompile(`(?i)new.?line|line.?(break|feed|end)|delimit|append`)
	looksLikeLogs    = regexp.MustCompile(`(?i)cloud.?watch|cwl|log.?(processor|transform|extract|decompress)`)
)

// lambda takes a Lambda function.
// https://docs.aws.amazon.com/firehose/latest/APIReference/API_ProcessorParameter.html
func (t *translation) lambda(p parameters) (mapping, bool) {
	step := newMapping()
	section := step.section("lambda", "")
	arn, comment := t.text("steps.lambda.function", "LambdaArn", p["LambdaArn"], asIs)
	if arn == "" {
		arn, comment = "REPLACE-function", "TO FILL IN: LambdaArn is not there"
		t.fillIn("steps.lambda.function", "the function's ARN is not in the file")
	}
	section.set("function", arn, comment)
	if text := p["BufferSizeInMBs"]; text != "" {
		mebibytes, err := strconv.ParseFloat(text, 64)
		if err == nil && mebibytes > 0 && mebibytes <= 1000 {
			kibibytes := min(max(int64(math.Round(mebibytes*1024)), 1), 3*1024)
			section.plain("buffer_size", (config.Size(kibibytes) * config.KiB).String(), "BufferSizeInMBs")
		} else {
			t.fillIn("steps.lambda.buffer_size", "BufferSizeInMBs "+shown(text)+" is no number; the default of 1MiB was taken")
		}
	}
	if text := p["NumberOfRetries"]; text != "" {
		n, err := strconv.Atoi(text)
		if err == nil && n >= 0 {
			section.plain("retries", strconv.Itoa(min(n, 300)), "NumberOfRetries")
		} else {
			t.fillIn("steps.lambda.retries", "NumberOfRetries "+shown(text)+" is no number; the default of 3 was taken")
		}
	}
	t.role("the Lambda function", p["RoleArn"])
	t.same("Lambda", "the function is called as Firehose calls it, with Ok, Dropped and ProcessingFailed for each record, retried and limited as with Firehose; Standpipe's role needs lambda:InvokeFunction on it.")
	if p["BufferIntervalInSeconds"] != "" {
		t.different("Lambda", "BufferIntervalInSeconds is not needed: a call holds what was read from the stream at once, up to buffer_size, and waits for nothing.")
	}
	name := shown(p["LambdaArn"])
	switch {
	case looksLikeNewline.MatchString(name):
		t.better("Lambda", "%s seems to add newlines. If that is all it does, delete the step: format ndjson ends each record in a newline, and the function's bill ends with it.", name)
	case looksLikeLogs.MatchString(name) && t.processor("Decompression") == nil:
		t.better("Lambda", "%s seems to unpack CloudWatch Logs. If that is all it does, write `- decompress: cloudwatch_logs` in place of the step, and the function's bill ends with it.", name)
	default:
		t.better("Lambda", "if the function only adds a newline, unpacks, filters or reshapes JSON, it is not needed: format ndjson ends records in a newline, and the steps decompress, split and jq do the rest without a bill.")
	}
	return step, true
}

// keys takes MetadataExtraction.
func (t *translation) keys(p parameters) (mapping, bool) {
	step := newMapping()
	query, comment := t.text("steps.partition_keys", "MetadataExtractionQuery", p["MetadataExtractionQuery"], asIs)
	if query == "" {
		t.fillIn("steps", "MetadataExtraction has no query; it is left out")
		return step, false
	}
	step.set("partition_keys", query, comment)
	if engine := p["JsonParsingEngine"]; engine != "" && !strings.EqualFold(engine, "JQ-1.6") {
		t.different("JsonParsingEngine", "is %s; the query is run by gojq.", shown(engine))
	}
	if err := compiles(query); err != nil {
		t.fillIn("steps.partition_keys", fmt.Sprintf("the query can not be run here: it %v", err))
		return step, true
	}
	t.same("MetadataExtraction", "the same jq program finds the partition keys. It is run by gojq, which differs from jq 1.6 in corners: see docs/steps.md.")
	return step, true
}

// compiles says why the step does not take a query. Firehose takes none that is longer.
func compiles(query string) error {
	if n := len(query); n > 5120 {
		return fmt.Errorf("is %d characters long, 5120 are allowed", n)
	}
	_, err := jq.Compile(query, jq.Limits{})
	return err
}

// dynamic says whether dynamic partitioning is on.
func (t *translation) dynamic() bool {
	d := t.s3.DynamicPartitioningConfiguration
	return d != nil && d.Enabled != nil && *d.Enabled && !t.o.Backup
}

// hasKeys says whether the prefix may have partition keys, and tells what is different with them.
func (t *translation) hasKeys() bool {
	if !t.dynamic() {
		return false
	}
	t.better("DynamicPartitioningConfiguration", "any number of partitions may be open, within buffer.memory; Firehose sends records beyond 500 to the error prefix. outputs[].max_open_paths sets such a limit. Each makes an object in each batch: docs/operations.md says what many of them cost.")
	t.better("Partition keys", "may be changed, and dynamic partitioning be switched on and off, at any time; !{timestamp:…} may be a time in the record (outputs[].timestamp), without jq for year, month and day.")
	if o := t.s3.DynamicPartitioningConfiguration.RetryOptions; o != nil {
		t.notTaken("RetryOptions", "Standpipe retries until the records leave the stream.")
	}
	return true
}

// missingKeys finds a partition key that no step gives a value to.
func (t *translation) missingKeys(p *partition.Prefix) error {
	for _, key := range p.Keys() {
		switch {
		case key.Source == partition.Query && t.processor("MetadataExtraction")["MetadataExtractionQuery"] == "":
			return fmt.Errorf("%s has no MetadataExtraction that finds it", key)
		case key.Source == partition.Lambda && t.processor("Lambda") == nil:
			return fmt.Errorf("%s has no Lambda function that finds it", key)
		}
	}
	return nil
}
