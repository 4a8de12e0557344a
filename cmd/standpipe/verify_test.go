package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"standpipe/consumer"
	"standpipe/internal/faults"
	"standpipe/internal/verify"
	"standpipe/sink"
)

// delivered is a harbour with a history: four batches, in which shard 0 is split.
type delivered struct {
	*harbour
	client  *s3.Client
	objects []string
}

const shardName = "shardId-00000000000%d"

// position is a sequence number as Kinesis has them.
func position(n int) string {
	return fmt.Sprintf("4968047234006347593655338233495278189410706007547524%04d", n)
}

func newDelivered(t *testing.T) *delivered {
	t.Helper()
	d := &delivered{harbour: newHarbour(t)}
	d.client = s3.New(s3.Options{BaseEndpoint: &d.s3URL, Region: laptopRegion, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")})
	_, _, err := d.kinesis.Split("clicks", fmt.Sprintf(shardName, 0))
	must(t, err)
	span := func(shard int, after, through string, records int64) sink.JournalShard {
		return sink.JournalShard{Shard: fmt.Sprintf(shardName, shard), After: after, Through: through, Records: records}
	}
	const begin = "TRIM_HORIZON"
	d.batch(t, 1, span(0, begin, position(120), 61), span(1, begin, position(118), 59))
	d.batch(t, 2, span(0, position(120), sink.ShardEnd, 48), span(1, position(118), position(230), 57))
	d.batch(t, 3, span(1, position(230), position(340), 50), span(2, begin, position(351), 33), span(3, begin, position(349), 27))
	d.batch(t, 4, span(1, position(340), position(450), 52), span(3, position(349), position(452), 30))
	parent := []string{fmt.Sprintf(shardName, 0)}
	for _, row := range []consumer.Lease{
		{Shard: parent[0], Checkpoint: sink.ShardEnd}, {Shard: fmt.Sprintf(shardName, 1), Checkpoint: position(450)},
		{Shard: fmt.Sprintf(shardName, 2), Checkpoint: position(351), Parents: parent}, {Shard: fmt.Sprintf(shardName, 3), Checkpoint: position(452), Parents: parent},
	} {
		row.Epoch = 1
		must(t, d.table.Create(t.Context(), row))
	}
	return d
}

// batch leaves what a batch of one object leaves.
func (d *delivered) batch(t *testing.T, n int, spans ...sink.JournalShard) {
	t.Helper()
	cut := time.Date(2026, 1, 31, 11+n, 5*n, 7, 0, time.UTC)
	id := fmt.Sprintf("019c14%02d-8d3e-7c11-9a4e-5b0f2d6c7e81", n)
	var records int64
	for _, s := range spans {
		records += s.Records
	}
	lines := bytes.Repeat([]byte(`{"page":"/items/323"}`+"\n"), int(records))
	var body, text bytes.Buffer
	z := gzip.NewWriter(&body)
	_, _ = z.Write(lines)
	must(t, z.Close())
	name := cut.Format("standpipe-clicks-2006-01-02-15-04-05-") + id
	folder := cut.Format("2006/01/02/15/")
	o := sink.JournalObject{Output: "raw", Path: "clicks/" + folder, Size: int64(body.Len()), Raw: int64(len(lines)), Records: records, Codec: "gzip", Upload: sink.Upload{
		Bucket: "lake", Key: "clicks/" + folder + name + "-0.ndjson.gz", ID: "u",
		Parts: []sink.Part{{Number: 1, ETag: "e", Size: int64(body.Len()), CRC32: base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body.Bytes())))}},
	}}
	enc := json.NewEncoder(&text)
	must(t, enc.Encode(sink.JournalHeader{Version: 1, Batch: id, Worker: "w", Cause: sink.CauseInterval, Cut: cut, Shards: len(spans), Objects: 1}))
	for _, s := range spans {
		must(t, enc.Encode(s))
	}
	must(t, enc.Encode(o))
	d.put(t, o.Key, body.Bytes(), id)
	d.put(t, "_standpipe/standpipe-clicks/"+folder+name+".ndjson", text.Bytes(), id)
	d.objects = append(d.objects, o.Key)
}

func (d *delivered) put(t *testing.T, key string, data []byte, batch string) {
	t.Helper()
	_, err := d.client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("lake"), Key: &key, Body: bytes.NewReader(data), Metadata: map[string]string{"standpipe-batch": batch}})
	must(t, err)
}

func (d *delivered) remove(t *testing.T, key string) {
	t.Helper()
	_, err := d.client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("lake"), Key: &key})
	must(t, err)
}

// TestVerifyInItsDocument holds what docs/verify.md shows to what verify prints, of a sound history and after an object of it was
// deleted. UPDATE=1 writes it anew.
func TestVerifyInItsDocument(t *testing.T) {
	t.Parallel()
	const page, begin, end = "../../docs/verify.md", "<!-- verify -->\n", "<!-- /verify -->"
	d := newDelivered(t)
	sound := execute(t, d.env(), "verify", "--deep")
	d.remove(t, d.objects[1])
	damaged := execute(t, d.env(), "verify")
	if sound.code != exitOK || sound.stderr != "" || damaged.code != exitPartial || damaged.stderr != "standpipe: 1 missing object\n" {
		t.Fatalf("sound: %s\ndamaged: %s", sound, damaged)
	}
	want := "```text\n" + sound.stdout + "```\n\nThe same after somebody deleted an object, without `--deep`; the exit code is 3:\n\n```text\n" + damaged.stdout + "```\n"
	text, err := os.ReadFile(page)
	must(t, err)
	before, rest, found := strings.Cut(string(text), begin)
	got, after, ended := strings.Cut(rest, end)
	switch {
	case !found || !ended:
		t.Fatal("docs/verify.md has no block verify")
	case got == want:
	case os.Getenv("UPDATE") != "":
		must(t, os.WriteFile(page, []byte(before+begin+want+end+after), 0o600))
	default:
		t.Errorf("run `UPDATE=1 go test ./cmd/standpipe`; docs/verify.md has\n%s\nverify prints\n%s", got, want)
	}
}

func TestVerifyPrintsJSON(t *testing.T) {
	t.Parallel()
	d := newDelivered(t)
	var report verify.Report
	r := execute(t, d.env(), "verify", "--json")
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || r.code != exitOK || !report.OK || len(report.Shards) != 4 || report.Objects != 4 || report.Problems == nil {
		t.Fatalf("%v: %s", err, r)
	}
	d.put(t, d.objects[0], []byte("x"), "")
	r = execute(t, d.env(), "verify", "--json")
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || r.code != exitPartial || report.OK || r.stderr != "standpipe: 1 object of another size\n" {
		t.Fatalf("%v: %s", err, r)
	}
	p := report.Problems[0]
	if p.Kind != verify.Size || p.Object != "s3://lake/"+d.objects[0] || len(p.Ranges) != 2 || p.Ranges[0].Shard != fmt.Sprintf(shardName, 0) || p.Ranges[0].Through != position(120) {
		t.Errorf("got %+v", p)
	}
}

func TestVerifyTakesForeignObjectsForAFailureWhenStrict(t *testing.T) {
	t.Parallel()
	d := newDelivered(t)
	d.put(t, "clicks/2026/01/31/11/clicks-1-2026-01-31-11-59-00-a.gz", []byte("x"), "")
	if r := execute(t, d.env(), "verify"); r.code != exitOK || !strings.Contains(r.stdout, "\nnote (foreign): 1 object under s3://lake/clicks/ not written by this application") {
		t.Error(r)
	}
	if r := execute(t, d.env(), "verify", "--strict"); r.code != exitPartial || r.stderr != "standpipe: 1 place with foreign objects\n" {
		t.Error(r)
	}
}

func TestVerifyOfATime(t *testing.T) {
	t.Parallel()
	d := newDelivered(t)
	d.remove(t, d.objects[0])
	d.remove(t, d.objects[3])
	if r := execute(t, d.env(), "verify", "--from", "2026-01-31T13:00:00Z", "--to", "2026-01-31T15:00:00+00:00"); r.code != exitOK || !strings.HasPrefix(r.stdout, "journals  s3://lake/_standpipe/standpipe-clicks/: 2 batches from 2026-01-31T13:00:00Z to 2026-01-31T15:00:00Z\n") {
		t.Error(r)
	}
	if r := execute(t, d.env(), "verify", "--from", "2026-02-01"); r.code != exitOK || !strings.HasSuffix(r.stdout, "\nOK: no batch to look at.\n") {
		t.Error(r)
	}
	for line, want := range map[string]string{
		"--from noon":                       `--from must be a time such as 2026-01-31T12:00:00Z, or a date such as 2026-01-31 (got "noon")`,
		"--to 2026-1-1":                     `--to must be a time such as 2026-01-31T12:00:00Z, or a date such as 2026-01-31 (got "2026-1-1")`,
		"--from 2026-01-02 --to 2026-01-02": "--from must be before --to (got 2026-01-02 and 2026-01-02)",
	} {
		if r := execute(t, d.env(), append([]string{"verify"}, strings.Fields(line)...)...); r.code != exitUsage || r.stderr != "standpipe: "+want+"\n" {
			t.Errorf("%s: %s", line, r)
		}
	}
}

// TestVerifyNeedsToRead: what can not be asked for is said, and is not taken for damage.
func TestVerifyNeedsToRead(t *testing.T) {
	t.Parallel()
	d := newDelivered(t)
	for _, tc := range []struct{ op, want string }{
		{"ListObjectsV2", "list the journals under s3://lake/_standpipe/standpipe-clicks/: "},
		{"GetObject", "read s3://lake/_standpipe/standpipe-clicks/"},
	} {
		remove := d.s3.Control(tc.op, answer(http.StatusForbidden, "AccessDenied"))
		r := execute(t, d.env(), "verify")
		remove()
		if r.code != exitRuntime || !strings.HasPrefix(r.stderr, "standpipe: "+tc.want) || !strings.Contains(r.stderr, "AccessDenied: no\n") || r.stdout != "" {
			t.Errorf("%s: %s", tc.op, r)
		}
	}
	remove := d.dynamo.Control("Scan", answer(http.StatusBadRequest, "AccessDeniedException"))
	r := execute(t, d.env(), "verify")
	remove()
	if r.code != exitRuntime || !strings.HasPrefix(r.stderr, "standpipe: find out how far each shard is: scan lease table standpipe-clicks: AccessDeniedException: no") {
		t.Error(r)
	}
	if r := execute(t, d.env("STANDPIPE_STREAM_NAME=taps", "STANDPIPE_LEASES_APPLICATION=standpipe-clicks"), "verify"); r.code != exitRuntime || !strings.Contains(r.stderr, "lease table standpipe-clicks is that of stream clicks: set") {
		t.Error(r)
	}
	if r := execute(t, d.env("STANDPIPE_LEASES_TABLE=none"), "verify"); r.code != exitOK || !strings.Contains(r.stdout, "note (unproved): the lease table does not exist") || !strings.Contains(r.stdout, "to the newest journal") {
		t.Error(r)
	}
}

// TestVerifyOfNothingIsNoProof: names that are not the workers' lead to a place where nothing is wrong, because nothing is there.
func TestVerifyOfNothingIsNoProof(t *testing.T) {
	t.Parallel()
	d := newDelivered(t)
	const wrong = "is leases.application, leases.table or journal.prefix not that of the workers?\n"
	for _, tc := range []struct{ env, args, want string }{
		{"STANDPIPE_LEASES_APPLICATION=taps", "", "under s3://lake/_standpipe/taps/, and there is no lease table: nothing ran by this configuration yet, or " + wrong},
		{"STANDPIPE_LEASES_APPLICATION=taps", "--from 2026-01-01", "under s3://lake/_standpipe/taps/, and there is no lease table: nothing ran by this configuration yet, or " + wrong},
		{"STANDPIPE_JOURNAL_PREFIX=_taps/", "--strict", ""}, // the objects are orphans then, which is said instead
		{"STANDPIPE_OUTPUTS_0_PREFIX=taps/ STANDPIPE_JOURNAL_PREFIX=_taps/", "", "under s3://lake/_taps/, though the lease table has checkpoints: they expired or were deleted, no batch is committed yet since the table was taken over, or " + wrong},
	} {
		r := execute(t, d.env(strings.Fields(tc.env)...), append([]string{"verify"}, strings.Fields(tc.args)...)...)
		if tc.want == "" {
			if r.code != exitPartial || !strings.HasSuffix(r.stdout, "\nWRONG: 4 objects without a journal.\n") {
				t.Errorf("%s: %s", tc.env, r)
			}
			continue
		}
		if r.code != exitPartial || !strings.Contains(r.stdout, "\nproblem (nothing): no journal lies "+tc.want) ||
			!strings.HasSuffix(r.stdout, "\nNOTHING PROVED: there is no journal to prove it by.\n") || r.stderr != "standpipe: nothing is proved: there is no journal\n" {
			t.Errorf("%s: %s", tc.env, r)
		}
	}
}

// TestVerifyOfAFreshTable: workers that have not committed anything yet are fine, and so is a shard that ended without records.
func TestVerifyOfAFreshTable(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	must(t, h.table.Create(t.Context(), consumer.Lease{Shard: fmt.Sprintf(shardName, 0), Checkpoint: "TRIM_HORIZON", Epoch: 1}))
	must(t, h.table.Create(t.Context(), consumer.Lease{Shard: fmt.Sprintf(shardName, 1), Checkpoint: sink.ShardEnd, Epoch: 1}))
	if r := execute(t, h.env(), "verify"); r.code != exitOK || !strings.HasSuffix(r.stdout, "\nOK: no batch to look at.\n") {
		t.Error(r)
	}
}

// TestVerifyAndCleanOfABucketThatIsNotThere say what run says of it, instead of being patient with it.
func TestVerifyAndCleanOfABucketThatIsNotThere(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	for _, command := range []string{"verify", "clean"} {
		r := execute(t, h.env("STANDPIPE_OUTPUTS_0_BUCKET=pond"), command)
		if r.code != exitRuntime || r.stdout != "" || !strings.HasPrefix(r.stderr, "standpipe: bucket pond does not exist: create it with `aws s3 mb s3://pond ") || !strings.HasSuffix(r.stderr, ", or set outputs[0].bucket\n") {
			t.Errorf("%s: %s", command, r)
		}
	}
}

// TestVerifyPersists through throttling.
func TestVerifyPersists(t *testing.T) {
	t.Parallel()
	d := newDelivered(t)
	var asked atomic.Int32
	d.s3.Control("GetObject", func(_ faults.Call, _ func()) error {
		if asked.Add(1) <= 3 {
			return answer(http.StatusServiceUnavailable, "SlowDown")(faults.Call{}, nil)
		}
		return nil
	})
	if r := execute(t, d.env(), "verify"); r.code != exitOK || asked.Load() < 4 {
		t.Error(r)
	}
}

// TestBarIsCleared: what it draws is gone when the table comes.
func TestBarIsCleared(t *testing.T) {
	var screen bytes.Buffer
	b := &bar{w: &screen}
	b.show("journals", 1, 2)
	b.show("journals", 2, 3)
	b.show("objects", 1000, 0)
	b.clear()
	b.clear()
	if text := screen.String(); !strings.Contains(text, "Journals") || !strings.Contains(text, "Objects") || strings.TrimRight(text[strings.LastIndexByte(strings.TrimRight(text, "\r"), '\r')+1:], " \r") != "" {
		t.Errorf("drew %q", text)
	}
	newBar(&screen).show("journals", 1, 2)
}
