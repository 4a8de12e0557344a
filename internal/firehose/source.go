package firehose

import (
	"fmt"
	"regexp"
	"strings"
)

// takeStream puts another source into the place of the delivery stream's.
func (t *translation) takeStream() {
	if t.o.Stream == "" {
		return
	}
	s := &t.found.Stream
	if s.KinesisStreamSourceConfiguration == nil {
		t.different("Source", "the records come from the Kinesis data stream %s, into which the producers must put them: PutRecords takes the place of PutRecordBatch, and each record needs a partition key.", shown(clean(t.o.Stream)))
	}
	s.KinesisStreamSourceConfiguration = &Source{KinesisStreamARN: clean(t.o.Stream)}
	s.MSKSourceConfiguration, s.DatabaseSourceConfiguration, s.DeliveryStreamType = nil, nil, ""
}

// destinations names what OtherDestination may be.
var destinations = strings.NewReplacer("DestinationConfiguration", "", "Amazonopensearchservice", "OpenSearch", "AmazonOpenSearchServerless", "OpenSearch Serverless",
	"HttpEndpoint", "an HTTP endpoint")

// refuse says why a delivery stream can not be translated.
func (t *translation) refuse() error {
	s, name := t.found.Stream, t.found.Name()
	switch {
	case s.OtherDestination != "":
		return fmt.Errorf("delivery stream %s delivers to %s: Standpipe writes to S3 only, so keep Firehose for this one", name, shown(destinations.Replace(s.OtherDestination)))
	case s.MSKSourceConfiguration != nil || s.DeliveryStreamType == "MSKAsSource":
		return fmt.Errorf("delivery stream %s reads from Amazon MSK: Standpipe reads Kinesis data streams only. Keep Firehose for this one, or bring the records into such a stream and import with --stream", name)
	case s.DatabaseSourceConfiguration != nil || s.DeliveryStreamType == "DatabaseAsSource":
		return fmt.Errorf("delivery stream %s reads from a database: Standpipe reads Kinesis data streams only. Keep Firehose for this one, or bring the records into such a stream and import with --stream", name)
	case s.KinesisStreamSourceConfiguration == nil && len(t.found.Wrong) > 0, t.s3 == nil && len(t.found.Wrong) > 0:
		return fmt.Errorf("delivery stream %s can not be read: %s", name, strings.Join(t.found.Wrong, "; "))
	case s.KinesisStreamSourceConfiguration == nil:
		return fmt.Errorf("delivery stream %s has no Kinesis data stream as its source: its producers put records into Firehose itself (DirectPut), which Standpipe has no API for; "+
			"create a Kinesis data stream, let the producers put into it, and import with --stream and its name or ARN", name)
	case t.s3 == nil:
		return fmt.Errorf("delivery stream %s has no S3 destination: Standpipe writes to S3 only", name)
	}
	return nil
}

var (
	wholeARN   = regexp.MustCompile(`^arn:aws[a-z-]*:kinesis:[a-z]{2,}(-[a-z]+)+-\d+:\d{12}:stream/[a-zA-Z0-9_.-]{1,128}$`)
	regionName = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-\d+$`)
)

// stream writes the section stream.
func (t *translation) stream() {
	source := t.found.Stream.KinesisStreamSourceConfiguration
	t.role("the stream", source.RoleARN)
	section := t.config.section("stream", "")
	if t.o.Trial != "" {
		defer section.plain("initial_position", "LATEST", "a trial needs no history")
	}
	const member = "KinesisStreamARN"
	if wholeARN.MatchString(source.KinesisStreamARN) {
		section.set("arn", source.KinesisStreamARN, member)
		t.same(member, "%s is read; KPL aggregates are taken apart, as Firehose does.", source.KinesisStreamARN)
		return
	}
	parts := arnParts(source.KinesisStreamARN, 6)
	name := parts[len(parts)-1]
	name = strings.TrimPrefix(name, "stream/")
	text, comment := t.text("stream.name", member, name, fitName(128))
	if text == "" {
		text, comment = "REPLACE-stream", "TO FILL IN: "+member+" is not there"
		t.fillIn("stream.name", "the stream's ARN is not in the file; a plan knows it only after it was applied")
	}
	section.set("name", text, comment)
	region, from := t.found.Region, "of the delivery stream"
	if len(parts) == 6 && regionName.MatchString(parts[3]) {
		region, from = parts[3], member
	}
	if regionName.MatchString(region) {
		section.set("region", region, from)
	} else {
		flag := "region"
		if t.found.From == "CloudFormation" {
			flag = "AWS::Region"
		}
		t.fillIn("stream.region", "the file does not say in which region the stream is; add the key, set AWS_REGION where Standpipe runs, or import again with --set '"+flag+"=…'")
	}
	t.same(member, "stream %s is read; KPL aggregates are taken apart, as Firehose does.", text)
}
