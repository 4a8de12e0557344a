package firehose

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"standpipe/partition"
)

// outputs writes the sections outputs, errors and s3.
func (t *translation) outputs(steps []mapping) {
	bucket, comment := t.bucket("outputs[0].bucket", t.s3)
	t.role("the bucket", t.s3.RoleARN)
	t.takeZone()
	main := newMapping()
	main.set("name", "data", "")
	if t.o.Backup {
		main.node.Content[1].Value = "source"
	}
	main.set("bucket", bucket, comment)
	prefix := t.prefix(t.s3, "outputs[0].prefix", main)
	if t.zoneName() != "" {
		main.set("time_zone", t.zoneName(), "CustomTimeZone")
	}
	t.format(main)
	all := []mapping{main}
	if backup := t.s3.S3BackupConfiguration; backup != nil && t.s3.S3BackupMode == "Enabled" {
		if out, ok := t.backup(backup, steps); ok {
			all = append(all, out)
		}
	}
	t.config.list("outputs", all)
	prefixes := append([]string{prefix}, t.backupPrefix...)
	t.errors(prefixes)
	t.journal(prefixes)
	t.encryption()
}

// bucket is the name of a destination's bucket.
func (t *translation) bucket(key string, d *Destination) (name, comment string) {
	arn := arnParts(d.BucketARN, 6)
	name = arn[len(arn)-1]
	if name == "" {
		t.fillIn(key, "the bucket's ARN is not in the file")
		return "replace-bucket", "TO FILL IN: BucketARN is not there"
	}
	return t.text(key, "BucketARN", name, fitBucket)
}

// takeZone reads CustomTimeZone.
func (t *translation) takeZone() {
	name := t.s3.CustomTimeZone
	if name == "" || name == "UTC" {
		return
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		t.fillIn("outputs[0].time_zone", "CustomTimeZone "+shown(name)+" is no time zone that is known here; the times are in UTC")
		return
	}
	t.zone = zone
	t.same("CustomTimeZone", "%s, in prefix and object names.", name)
}

// prefix writes the prefix of a destination, and returns it.
func (t *translation) prefix(d *Destination, key string, out mapping) string {
	given := ""
	if d.Prefix != nil {
		given = *d.Prefix
	}
	text, comment := t.text(key, "Prefix", given, asIs)
	text = t.o.Trial + text
	if t.o.Trial != "" {
		comment += ", behind the trial's"
	}
	main := d == t.s3
	options := []partition.Option{partition.InZone(t.zone)}
	if main && t.hasKeys() {
		options = append(options, partition.WithKeys())
	}
	parsed, err := partition.Parse(text, partition.Data, options...)
	if err == nil && main {
		err = t.missingKeys(parsed)
	}
	if err != nil {
		folder, _, _ := strings.Cut(text, "!{")
		folder = folder[:strings.LastIndexByte(folder, '/')+1]
		if _, broken := partition.Parse(folder, partition.Data); broken != nil {
			folder = ""
		}
		t.fillIn(key, "Prefix "+shown(given)+" can not be taken: "+err.Error()+"; its beginning was taken")
		out.set("prefix", folder, "TO FILL IN: Prefix is "+shown(given))
		return folder
	}
	if given == "" {
		comment = strings.Replace(comment, "Prefix", "Prefix is not set: yyyy/MM/dd/HH/", 1)
	}
	out.set("prefix", text, comment)
	if main {
		t.tellPrefix(given, parsed)
	}
	return text
}

// tellPrefix says what becomes of a prefix.
func (t *translation) tellPrefix(given string, parsed *partition.Prefix) {
	switch {
	case given == "":
		t.same("Prefix", "is not set, so keys begin with yyyy/MM/dd/HH/.")
	case !strings.Contains(given, "!{"):
		t.same("Prefix", "%q; yyyy/MM/dd/HH/ follows it, and no slash is put between.", shown(given))
	case len(parsed.Keys()) == 0 && !strings.Contains(given, "!{timestamp:"):
		t.same("Prefix", "%s, character for character.", shown(given))
		t.different("Prefix", "AWS's page and what was seen do not agree whether Firehose appends yyyy/MM/dd/HH/ to a prefix with expressions but no time. Standpipe appends nothing; look at a key in your bucket, and write !{timestamp:yyyy/MM/dd/HH/} behind the prefix if it has that.")
	default:
		t.same("Prefix", "%s, character for character; keys begin as with Firehose.", shown(given))
	}
}

const (
	impliedErrors = "!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH/}"
	defaultErrors = "errors/!{firehose:error-output-type}/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"
)

// errors writes the section errors. Where Firehose is given no error prefix, it uses the prefix, which then has no
// expressions.
// https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
func (t *translation) errors(prefixes []string) {
	given, prefix := "", prefixes[0]
	if t.s3.ErrorOutputPrefix != nil {
		given = *t.s3.ErrorOutputPrefix
	}
	text, comment := t.text("errors.prefix", "ErrorOutputPrefix", given, asIs)
	text = t.o.Trial + text
	tell, line := t.same, ""
	switch {
	case given == "" && !strings.Contains(prefix, "!{"):
		text, comment = prefix+impliedErrors, "ErrorOutputPrefix is not set: Prefix, type and yyyy/MM/dd/HH/"
		line = "is not set, so errors lie under the prefix, by type and yyyy/MM/dd/HH/; readers of the prefix see them, as with Firehose."
	case given == "":
		text, comment = t.o.Trial+defaultErrors, "ErrorOutputPrefix is not set"
		tell, line = t.different, "is not set, which Firehose does not allow beside a prefix with expressions; errors/ was taken."
	case slices.Contains(prefixes, text) && !strings.Contains(text, "!{"):
		text += impliedErrors
		line = strconv.Quote(shown(given)) + ", with the type and yyyy/MM/dd/HH/ behind it, since it is a prefix of data too."
	case !strings.Contains(given, "!{"):
		tell, line = t.different, strconv.Quote(shown(given))+"; the error's type and /yyyy/MM/dd/HH/ follow it. AWS's page does not say what Firehose appends to an error prefix of plain text."
	default:
		line = shown(given) + ", character for character."
	}
	if _, err := partition.Parse(text, partition.Errors); err != nil {
		t.fillIn("errors.prefix", "ErrorOutputPrefix "+shown(given)+" can not be taken: "+err.Error()+"; the default was taken")
		text, comment = t.o.Trial+defaultErrors, "TO FILL IN: ErrorOutputPrefix is "+shown(given)
	} else {
		tell("ErrorOutputPrefix", "%s", line)
	}
	section := t.config.section("errors", "")
	section.set("prefix", text, comment)
	codec := t.codec(t.s3)
	if t.converts() {
		codec = "none"
	}
	section.plain("compression", codec, "as Firehose's error objects")
	t.same("Error records", "Firehose's JSON shapes, one a line, with shard, sequence number and step behind them.")
	t.better("Error records", "`standpipe redrive` delivers them once their cause is mended, those that Firehose wrote too.")
	if t.zone != time.UTC {
		t.different("CustomTimeZone", "the times in the error prefix are UTC.")
	}
}

// journal keeps the journals out of the prefixes' folders.
func (t *translation) journal(prefixes []string) {
	for _, folder := range []string{"_standpipe/", "_standpipe-journal/", "_standpipe-journals/"} {
		place := folder + t.application() + "/"
		clash := false
		for _, prefix := range prefixes {
			literal, _, _ := strings.Cut(prefix, "!{")
			literal = literal[:strings.LastIndexByte(literal, '/')+1]
			clash = clash || literal != "" && (strings.HasPrefix(place, literal) || strings.HasPrefix(literal, place))
		}
		if !clash {
			if folder != "_standpipe/" {
				t.config.section("journal", "").set("prefix", place, "the default lies in an output's folder")
			}
			return
		}
	}
}

// encryption writes the section s3.
func (t *translation) encryption() {
	e := t.s3.EncryptionConfiguration
	if e == nil || e.KMSEncryptionConfig == nil || e.KMSEncryptionConfig.AWSKMSKeyARN == "" {
		t.same("EncryptionConfiguration", "none is asked for: the bucket's own setting counts.")
		return
	}
	section := t.config.section("s3", "")
	section.plain("sse", "aws:kms", "EncryptionConfiguration.KMSEncryptionConfig")
	key, comment := t.text("s3.kms_key", "AWSKMSKeyARN", e.KMSEncryptionConfig.AWSKMSKeyARN, asIs)
	section.set("kms_key", key, comment)
	t.same("EncryptionConfiguration", "objects are encrypted with the same KMS key; Standpipe's role needs kms:GenerateDataKey and kms:Decrypt.")
}
