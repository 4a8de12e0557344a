package firehose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"standpipe/config"
)

// Options are what a delivery stream does not say.
type Options struct {
	// Source is the name of the file, for the comment at the top.
	Source string
	// Records says what the records are: RecordsJSON, RecordsText, RecordsRaw, or "" for the first, but the second where
	// they are messages of CloudWatch Logs that nothing takes for JSON.
	Records string
	// Stream is the name or ARN of a Kinesis data stream to be read in place of the delivery stream's source; "" is its own.
	Stream string
	// Trial is a prefix without expressions to be put in front of all prefixes, and makes the application another one, so
	// that Standpipe can run beside Firehose; "" is none.
	Trial string
	// Backup makes the configuration of the backup of the source alone, without any processing.
	Backup bool
}

// What the records are.
const (
	RecordsJSON = "json" // a line for each JSON value; what is no JSON goes to the error output
	RecordsText = "text" // a line for each record, whatever it holds
	RecordsRaw  = "raw"  // bytes as they come, with nothing between them unless Firehose puts a newline there
)

// translation is one on its way.
type translation struct {
	found  Found
	o      Options
	s3     *Destination // what is delivered to
	config mapping
	report Report
	roles  []assumed
	zone   *time.Location

	backupPrefix []string // of the output of source records, if there is one
}

// Translate makes a configuration and a report of a delivery stream. The configuration is one that config.Load takes, also
// where something has to be filled in. The error is a sentence for people who have a delivery stream that can not be
// translated: another source than a Kinesis data stream, or another destination than S3.
func Translate(f Found, o Options) ([]byte, Report, error) {
	t := &translation{found: f, o: o, s3: f.Stream.s3(), config: newMapping(), zone: time.UTC}
	t.o.Source = shown(clean(o.Source))
	t.takeStream()
	if err := t.refuse(); err != nil {
		return nil, Report{}, err
	}
	if o.Backup {
		if err := t.backupAlone(); err != nil {
			return nil, Report{}, err
		}
	}
	t.stream()
	t.leases()
	t.buffer()
	steps := t.steps()
	if len(steps) > 0 {
		t.config.list("steps", steps)
	}
	t.outputs(steps)
	t.rest()
	t.read()
	data, err := t.config.render(t.head())
	return data, t.report, err
}

// s3 is the destination: the extended one, where a description has both.
func (s Stream) s3() *Destination {
	return cmp.Or(s.ExtendedS3DestinationConfiguration, s.S3DestinationConfiguration)
}

// application is the name of the lease application, by which object names begin.
func (t *translation) application() string {
	name := t.found.Stream.DeliveryStreamName
	if name == "" || len(refs(name)) > 0 {
		name = t.found.Address[strings.LastIndexByte(t.found.Address, '.')+1:]
	}
	name = strings.Trim(fitName(200)(shown(name)), "-")
	if t.o.Backup {
		name += "-source"
	}
	if t.o.Trial != "" {
		name += "-trial"
	}
	if len(name) < 3 {
		name = "standpipe-" + cmp.Or(name, "delivery")
	}
	return name
}

func (t *translation) leases() {
	name := t.application()
	section := t.config.section("leases", "")
	from := "DeliveryStreamName"
	if n := t.found.Stream.DeliveryStreamName; n == "" || len(refs(n)) > 0 {
		from = "what the file calls the delivery stream"
	}
	section.set("application", name, from+": object names begin with it")
	section.set("table", "standpipe-"+strings.TrimPrefix(name, "standpipe-"), "DynamoDB table, created when missing")
	t.better("Delivery", "each record is in S3 once, whatever crashes; Firehose delivers at least once. `standpipe verify` proves it of your bucket.")
	if t.o.Trial != "" {
		t.different("Trial", "everything is written below %s, as the application %s, beginning with what arrives from its first start on.", t.o.Trial, name)
	} else {
		t.different("Positions", "nobody can read how far Firehose has come. Without stream.initial_position Standpipe begins with the oldest record that the stream still has; docs/migration.md says how to switch at an hour.")
	}
	t.different("Object names", "%s-<time>-<batch>-<number>, where Firehose has <delivery stream>-<version>-<time>-<uuid>. Readers that list by prefix see no difference.", name)
	t.better("Folders", "a record is under the hour of its own arrival; Firehose files whole objects by their oldest record.")
}

// buffer writes the section buffer. Firehose's defaults depend on what else is done.
// https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html
func (t *translation) buffer() {
	size, interval := 5, 300
	from := "Firehose's default"
	hints := t.s3.BufferingHints
	if t.converts() || t.dynamic() {
		size = 128
	}
	if hints != nil && hints.SizeInMBs != nil {
		size, from = *hints.SizeInMBs, "BufferingHints.SizeInMBs"
	}
	section := t.config.section("buffer", "")
	section.plain("size", config.Size(int64(min(max(size, 1), 5120))*int64(config.MiB)).String(), from)
	from = "Firehose's default"
	if hints != nil && hints.IntervalInSeconds != nil {
		interval, from = *hints.IntervalInSeconds, "BufferingHints.IntervalInSeconds"
	}
	seconds := min(max(interval, 5), 3600)
	section.plain("interval", config.Duration(time.Duration(seconds)*time.Second).String(), from)
	switch {
	case interval < 5:
		t.different("BufferingHints", "an object is full at %d MiB before compression. The interval of %ds, by which Firehose delivers within a few seconds, became 5s; each batch costs a few requests to DynamoDB and S3, so take as much as your readers can wait.", size, interval)
	case size < 1 || size > 5120 || interval > 3600:
		t.different("BufferingHints", "%d MiB and %ds are beyond what Standpipe takes (1 MiB to 5 GiB, 1s to 1h), so the nearest values were taken.", size, interval)
	default:
		t.same("BufferingHints", "an object is full at %d MiB, counted before compression as Firehose does, and a batch is delivered when its oldest record is %ds old.", size, interval)
	}
	t.better("Buffers", "one buffer for all shards of a worker, where Firehose has one for each shard: fewer and larger objects. If these values were small to get along with Firehose's limits, buffer.size may be up to 5 GiB and buffer.interval up to 1h.")
}

// rest writes what is left of the sections and says what is not taken over.
func (t *translation) rest() {
	s := t.found.Stream
	if len(t.roles) > 0 {
		var all []string
		for _, r := range t.roles {
			all = append(all, r.arn+" for "+strings.Join(r.uses, ", "))
		}
		t.notTaken("RoleARN", "%s. Such roles trust Firehose, not Standpipe, which runs with the role of its task or instance: give that the policy of docs/permissions.md. Where stream, bucket or table belong to another account, set role_arn beside them.", strings.Join(all, "; "))
	}
	if l := t.s3.CloudWatchLoggingOptions; l != nil && (l.Enabled == nil || *l.Enabled) {
		t.notTaken("CloudWatchLoggingOptions", "Standpipe logs to stderr, which the awslogs driver of ECS carries to CloudWatch Logs and systemd to the journal; errors.prefix has each record that could not be delivered, and /metrics the counts.")
	}
	if e := s.DeliveryStreamEncryptionConfigurationInput; e != nil && (e.Enabled == nil || *e.Enabled) {
		t.notTaken("DeliveryStreamEncryptionConfigurationInput", "encrypts what Firehose itself stores. Standpipe stores nothing but in S3; encrypt the Kinesis stream and the bucket.")
	}
	if t.s3.SecretsManagerConfiguration != nil {
		t.notTaken("SecretsManagerConfiguration", "Standpipe has no secrets: its credentials come from the AWS SDK's default chain.")
	}
	if len(s.Tags) > 0 {
		t.notTaken("Tags", "are those of the delivery stream; tag the task, the lease table and the bucket.")
	}
	t.notTaken("Metrics", "of the namespace AWS/Firehose end with the delivery stream: with metrics.cloudwatch most go on under their names in the namespace Standpipe; docs/migration.md has a table of those at /metrics.")
}

// read says what was seen while the files were read.
func (t *translation) read() {
	for _, wrong := range t.found.Wrong {
		what, text, _ := strings.Cut(wrong, ": ")
		t.fillIn(what, text)
	}
	slices.Sort(t.found.Unknown)
	for _, name := range t.found.Unknown {
		t.notTaken(name, "is not known to this version of Standpipe. If it is not about another destination, please report it.")
	}
	if len(t.found.Defaults) > 0 {
		t.different("Parameters", "were taken at their defaults: %s. For others import again with --set NAME=VALUE.", strings.Join(t.found.Defaults, ", "))
	}
}

// head is the comment at the top, and sets the report's title.
func (t *translation) head() []string {
	arn := arnParts(t.s3.BucketARN, 6)
	bucket := shown(arn[len(arn)-1])
	what := "delivery stream " + t.found.Name()
	if t.o.Backup {
		what = "the source backup of " + what
	}
	t.report.Title = fmt.Sprintf("%s (%s, %s) to s3://%s", strings.ToUpper(what[:1])+what[1:], t.found.From, t.o.Source, bucket)
	return []string{
		"Made by `standpipe import` of " + what + ", from " + t.o.Source + " (" + t.found.From + ").",
		"Behind each value is the setting of Firehose that it comes from. What is not here is in the report.",
	}
}

// assumed is a role that Firehose assumes, and what for.
type assumed struct {
	arn  string
	uses []string
}

// role remembers a role that Firehose assumes.
func (t *translation) role(use, arn string) {
	arn = shown(arn)
	i := slices.IndexFunc(t.roles, func(r assumed) bool { return r.arn == arn })
	switch {
	case arn == "":
	case i < 0:
		t.roles = append(t.roles, assumed{arn, []string{use}})
	default:
		t.roles[i].uses = append(t.roles[i].uses, use)
	}
}
