package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"

	"standpipe/consumer"
	"standpipe/internal/faults"
	"standpipe/internal/s3fake"
	"standpipe/sink"
)

// harbour is a cloud in which uploads may be old.
type harbour struct {
	*cloud
	table *consumer.Table
	store *sink.S3
	ago   time.Duration // how long ago the next upload is made
}

func newHarbour(t *testing.T) *harbour {
	t.Helper()
	h := &harbour{cloud: newCloud(t), ago: 25 * time.Hour}
	server, err := s3fake.New(s3fake.Options{Buckets: []string{"lake"}, Now: func() time.Time { return time.Now().Add(-h.ago) }})
	if err != nil {
		t.Fatal(err)
	}
	at := httptest.NewServer(server)
	t.Cleanup(func() {
		at.Close()
		_ = server.Close()
	})
	h.s3, h.s3URL = server, at.URL
	h.store = sink.NewS3(s3.New(s3.Options{
		BaseEndpoint: &h.s3URL, Region: laptopRegion, UsePathStyle: true, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""),
	}), sink.S3Options{})
	h.table = h.leaseTable(t)
	must(t, h.table.Remember(t.Context(), consumer.Application{Stream: "clicks", Created: time.Now(), Start: "TRIM_HORIZON"}))
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// upload opens one and gives its id.
func (h *harbour) upload(t *testing.T, key, batch string) sink.Upload {
	t.Helper()
	u := sink.Upload{Bucket: "lake", Key: key}
	var err error
	u.ID, err = h.store.Create(t.Context(), u.Bucket, u.Key, batch, sink.Form{ContentType: "text/plain"})
	must(t, err)
	return u
}

// key is one of a batch's, as the sink makes it.
func key(prefix, batch string, n int) string {
	return fmt.Sprintf("%sstandpipe-clicks-2026-01-02-03-04-05-%s-%d.ndjson.gz", prefix, batch, n)
}

func journalKey(batch string) string {
	return "_standpipe/standpipe-clicks/2026/01/02/03/standpipe-clicks-2026-01-02-03-04-05-" + batch + ".ndjson"
}

// promise stores the intent of a batch whose journal is at an upload.
func (h *harbour) promise(t *testing.T, batch, shard string, journal sink.Upload) sink.Item {
	t.Helper()
	must(t, h.table.Create(t.Context(), consumer.Lease{Shard: shard, Owner: "w", Epoch: 1, Checkpoint: "TRIM_HORIZON"}))
	it := sink.Item{ID: batch, Owner: "w", State: sink.Committed, Journal: &journal, Spans: []sink.Span{{Shard: shard, Epoch: 1, After: "TRIM_HORIZON", Through: "100"}}}
	must(t, h.table.Intend(t.Context(), it))
	return it
}

// open gives the keys of the open uploads by id.
func (h *harbour) open() map[string]string {
	keys := map[string]string{}
	for _, u := range h.s3.Uploads("lake") {
		keys[u.ID] = u.Key
	}
	return keys
}

// fates gives the first word of each upload's line, by upload id.
func fates(r result) map[string]string {
	words := map[string]string{}
	for line := range strings.Lines(r.stdout) {
		if f := strings.Fields(line); len(f) >= 4 && strings.HasPrefix(f[2], "s3://") {
			words[f[3]] = f[0]
		}
	}
	return words
}

// TestCleanAbortsOrphansAlone has one upload of each kind, and one that only a journal names.
func TestCleanAbortsOrphansAlone(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	live, crashed := uuid.NewString(), uuid.NewString()
	want := map[string]string{} // fate by upload id, after --yes
	add := func(fate, key string) sink.Upload {
		u := h.upload(t, key, "b")
		want[u.ID] = fate
		return u
	}
	add("aborted", key("clicks/2026/", crashed, 0))
	add("aborted", key("clicks/2026/", crashed, 1))
	add("aborted", key("errors/processing-failed/", crashed, 2))
	add("aborted", journalKey(crashed))
	h.promise(t, live, "shardId-0", add("promised", journalKey(live)))
	add("promised", key("clicks/2026/", live, 0))
	add("foreign", key("clicks/my-", crashed, 0))                                           // application my-standpipe-clicks
	add("foreign", "clicks/standpipe-clicks-2026-01-02-03-04-05-"+crashed+"-0.gz/part")     // a folder of that name
	add("foreign", "clicks/standpipe-clicks-2-2026-01-02-03-04-05-"+crashed+"-0.ndjson.gz") // application standpipe-clicks-2
	add("foreign", "clicks/report.csv")
	elsewhere := h.upload(t, key("taps/", crashed, 0), "b")

	// A batch whose journal is completed, and lists an upload under a key that does not carry the batch's id.
	done, odd := uuid.NewString(), add("promised", key("clicks/2026/", uuid.NewString(), 0))
	journal := h.upload(t, journalKey(done), done)
	part, err := h.store.UploadPart(t.Context(), journal, 1, sink.Segments{fmt.Appendf(nil, "{\"version\":1}\n{\"shard\":\"s\"}\n{\"bucket\":\"lake\",\"key\":\"k\",\"upload_id\":%q}\n", odd.ID)})
	must(t, err)
	journal.Parts = []sink.Part{part}
	must(t, h.store.Complete(t.Context(), journal))
	h.promise(t, done, "shardId-1", journal)

	h.ago = 23 * time.Hour
	add("young", key("clicks/2026/", crashed, 3))

	before := len(h.open())
	r := execute(t, h.env(), "clean")
	if r.code != exitOK || len(h.open()) != before || !strings.HasPrefix(r.stdout, "STATE     AGE") || !strings.HasSuffix(r.stdout, "12 uploads: 4 orphans, 0 aborted, 0 gone meanwhile, 0 not aborted, 3 promised, 1 young, 4 foreign\nNothing was aborted: add --yes to abort the orphans.\n") {
		t.Errorf("dry run, %d of %d uploads left: %s", len(h.open()), before, r)
	}
	r = execute(t, h.env(), "clean", "--yes")
	if r.code != exitOK || r.stderr != "" || !strings.HasSuffix(r.stdout, "\n12 uploads: 0 orphans, 4 aborted, 0 gone meanwhile, 0 not aborted, 3 promised, 1 young, 4 foreign\n") {
		t.Errorf("got %s", r)
	}
	got, left := fates(r), h.open()
	for id, fate := range want {
		if _, open := left[id]; got[id] != fate || open == (fate == "aborted") {
			t.Errorf("upload %s: %s, open %v, want %s", id, got[id], open, fate)
		}
	}
	if _, open := left[elsewhere.ID]; !open || got[elsewhere.ID] != "" {
		t.Error("an upload outside our prefixes was looked at")
	}
}

// TestCleanKeepsABatchPromisedMeanwhile has an intent that arrives after the table was read.
func TestCleanKeepsABatchPromisedMeanwhile(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	late := uuid.NewString()
	u, journal := h.upload(t, key("clicks/", late, 0), late), h.upload(t, journalKey(late), late)
	arrived := false
	h.dynamo.Control("GetItem", func(faults.Call, func()) error {
		if !arrived {
			arrived = true
			h.promise(t, late, "shardId-0", journal)
		}
		return nil
	})
	r := execute(t, h.env(), "clean", "--yes")
	if got := fates(r); !arrived || r.code != exitOK || got[u.ID] != "promised" || got[journal.ID] != "promised" || len(h.open()) != 2 {
		t.Errorf("got %s", r)
	}
}

// TestCleanReadsTheTableAfterTheUploads has a batch that is promised while the uploads are listed.
func TestCleanReadsTheTableAfterTheUploads(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	id := uuid.NewString()
	u := h.upload(t, key("clicks/", id, 0), id)
	arrived := false
	h.s3.Control("ListMultipartUploads", func(faults.Call, func()) error {
		if !arrived {
			arrived = true
			h.promise(t, id, "shardId-0", sink.Upload{Bucket: "lake", Key: journalKey(id), ID: "j"})
		}
		return nil
	})
	if r := execute(t, h.env(), "clean"); r.code != exitOK || fates(r)[u.ID] != "promised" {
		t.Errorf("got %s", r)
	}
}

func TestCleanOfNothing(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	if r := execute(t, h.env(), "clean"); r.code != exitOK || r.stdout != "No incomplete upload is there.\n" {
		t.Errorf("got %s", r)
	}
}

func TestCleanRefusesAYoungAge(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	u := h.upload(t, key("clicks/", uuid.NewString(), 0), "b")
	r := execute(t, h.env(), "clean", "--yes", "--older", "23h59m")
	if want := "standpipe: --older must be at least 24h (got 23h59m0s): a younger upload may still be promised\n"; r.code != exitUsage || r.stderr != want || len(h.open()) != 1 {
		t.Errorf("got %s", r)
	}
	if r = execute(t, h.env(), "clean", "--yes", "--older", "26h"); r.code != exitOK || fates(r)[u.ID] != "young" {
		t.Errorf("got %s", r)
	}
	if r = execute(t, h.env("STANDPIPE_BUFFER_SIZE=1"), "clean", "--older", "1s"); r.code != exitUsage || !strings.Contains(r.stderr, "buffer.size") || !strings.Contains(r.stderr, "--older must be") {
		t.Errorf("got %s", r)
	}
}

// TestCleanNeedsTheRightTable: what an unknown table does not name may be promised in another one.
func TestCleanNeedsTheRightTable(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	h.upload(t, key("clicks/", uuid.NewString(), 0), "b")
	const advice = ", so nobody knows what is promised: set leases.table, leases.endpoint and stream.region as the workers have them\n"
	must(t, consumer.NewTable(h.database(), "empty").Ensure(t.Context()))
	for env, want := range map[string]string{
		"STANDPIPE_LEASES_TABLE=none":  "lease table none does not exist" + advice,
		"STANDPIPE_LEASES_TABLE=empty": "lease table empty has never been used by a worker" + advice,
		"STANDPIPE_STREAM_NAME=taps":   "lease table standpipe-clicks is that of stream clicks" + advice,
	} {
		env := h.env(env, "STANDPIPE_LEASES_APPLICATION=standpipe-clicks")
		if r := execute(t, env, "clean", "--yes"); r.code != exitRuntime || r.stderr != "standpipe: "+want || len(h.open()) != 1 {
			t.Errorf("want %s got %s", want, r)
		}
	}
}

// TestCleanTouchesNothingWhenItCanNotRead breaks each request that it decides by.
func TestCleanTouchesNothingWhenItCanNotRead(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, op string
		s3       bool
		want     string
	}{
		{"Uploads", "ListMultipartUploads", true, "access to the list of uploads of bucket lake is denied: allow s3:ListBucketMultipartUploads on bucket lake\n"},
		{"Journal", "GetObject", true, "find out what batch "},
		{"Scan", "Scan", false, "find out what is promised: scan lease table standpipe-clicks: AccessDeniedException: no\n"},
		{"Item", "GetItem", false, "find out what is promised: read standpipe#batch#"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHarbour(t)
			id := uuid.NewString()
			h.upload(t, key("clicks/", uuid.NewString(), 0), "b")
			h.promise(t, id, "shardId-0", h.upload(t, journalKey(id), id))
			if tc.s3 {
				h.s3.Control(tc.op, answer(http.StatusForbidden, "AccessDenied"))
			} else {
				h.dynamo.Control(tc.op, answer(http.StatusBadRequest, "AccessDeniedException"))
			}
			r := execute(t, h.env(), "clean", "--yes")
			if r.code != exitRuntime || !strings.HasPrefix(r.stderr, "standpipe: "+tc.want) || r.stdout != "" || len(h.open()) != 2 {
				t.Errorf("got %s", r)
			}
		})
	}
}

func TestCleanSaysWhatItCouldNotAbort(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	u := h.upload(t, key("clicks/", uuid.NewString(), 0), "b")
	h.s3.Control("AbortMultipartUpload", answer(http.StatusForbidden, "AccessDenied"))
	r := execute(t, h.env(), "clean", "--yes")
	if r.code != exitPartial || fates(r)[u.ID] != "failed" || !strings.Contains(r.stdout, "AccessDenied: no\n") || r.stderr != "standpipe: abort 1 of 1 uploads: see the lines above\n" {
		t.Errorf("got %s", r)
	}
	h.s3.Control("AbortMultipartUpload", answer(http.StatusNotFound, "NoSuchUpload"))
	if r = execute(t, h.env(), "clean", "--yes"); r.code != exitOK || fates(r)[u.ID] != "gone" {
		t.Errorf("got %s", r)
	}
}
