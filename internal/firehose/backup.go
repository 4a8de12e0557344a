package firehose

import (
	"fmt"
	"strings"
)

// backup makes the output of source records where that is honest: where every step leaves the records as they are.
func (t *translation) backup(d *Destination, steps []mapping) (mapping, bool) {
	for _, kind := range processors {
		if kind.step == nil || kind.kind == "MetadataExtraction" || t.processor(kind.kind) == nil {
			continue
		}
		t.notTaken("S3BackupConfiguration", "outputs get what comes out of the steps, so a second output would hold no source records. Run a second Standpipe for them: `standpipe import %s --backup -o source.yaml` writes its configuration, with a lease application of its own and without steps; it reads the stream a second time.", t.o.Source)
		return mapping{}, false
	}
	out := newMapping()
	out.set("name", "source", "S3BackupMode Enabled")
	bucket, comment := t.bucket("outputs[1].bucket", d)
	out.set("bucket", bucket, comment)
	prefix := t.prefix(d, "outputs[1].prefix", out)
	t.backupPrefix = append(t.backupPrefix, prefix)
	out.plain("format", "raw", "bytes as they come")
	out.add("delimiter", doubleQuoted(""), "nothing between records")
	t.compression(out, d)
	if t.zoneName() != "" {
		out.set("time_zone", t.zoneName(), "CustomTimeZone")
	}
	t.role("the backup", d.RoleARN)
	t.same("S3BackupConfiguration", "a second output holds the records as they were in the stream, KPL aggregates taken apart, byte for byte. Both outputs commit together.")
	if len(steps) > 0 {
		t.different("S3BackupConfiguration", "records whose partition keys can not be found are in the error prefix alone, with their bytes; Firehose has them in the backup too.")
	}
	t.backupDiffers(d)
	return out, true
}

// backupDiffers says what of a backup's own settings is not there.
func (t *translation) backupDiffers(d *Destination) {
	if d.BufferingHints != nil {
		t.different("S3BackupConfiguration.BufferingHints", "all outputs have the same buffer, since they commit together.")
	}
	if mine, theirs := kmsKey(t.s3), kmsKey(d); mine != theirs {
		t.notTaken("S3BackupConfiguration.EncryptionConfiguration", "s3.kms_key is one for all buckets (%s here, %s for the backup). Let the backup's bucket encrypt with its own key by default, or run the backup as a Standpipe of its own: --backup.", orNone(mine), orNone(theirs))
	}
}

func kmsKey(d *Destination) string {
	if d.EncryptionConfiguration == nil || d.EncryptionConfiguration.KMSEncryptionConfig == nil {
		return ""
	}
	return d.EncryptionConfiguration.KMSEncryptionConfig.AWSKMSKeyARN
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return shown(text)
}

// backupAlone makes the backup the only destination.
func (t *translation) backupAlone() error {
	d := t.s3.S3BackupConfiguration
	if d == nil || t.s3.S3BackupMode != "Enabled" {
		return fmt.Errorf("delivery stream %s keeps no backup of its source: leave --backup out", t.found.Name())
	}
	alone := *d
	if alone.CustomTimeZone == "" {
		alone.CustomTimeZone = t.s3.CustomTimeZone
	}
	t.s3 = &alone
	return nil
}

// zoneName is the time zone that is not the default.
func (t *translation) zoneName() string {
	if name := t.zone.String(); !strings.EqualFold(name, "UTC") {
		return name
	}
	return ""
}
