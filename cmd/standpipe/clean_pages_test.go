package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"

	"standpipe/config"
	"standpipe/internal/faults"
	"standpipe/internal/realservers"
)

// aPage is one more than S3 lists at once.
const aPage = 1001

func TestCleanReadsAllPages(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	for i := range aPage {
		h.upload(t, key("clicks/", uuid.NewString(), i), "b")
	}
	r := execute(t, h.env(), "clean", "--yes")
	if r.code != exitOK || len(h.open()) != 0 || !strings.Contains(r.stdout, fmt.Sprintf("\n%d uploads: 0 orphans, %[1]d aborted", aPage)) {
		t.Errorf("%d uploads left, code %d, %s", len(h.open()), r.code, r.stderr)
	}
}

// TestCleanGoesOnByKeyAlone has a server that refuses its own upload id as a marker, as versitygw does.
func TestCleanGoesOnByKeyAlone(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	for i := range aPage {
		h.upload(t, key("clicks/", uuid.NewString(), i), "b")
	}
	calls := 0
	h.s3.Control("ListMultipartUploads", func(faults.Call, func()) error {
		if calls++; calls == 3 { // after the page of _standpipe/ and the first one of clicks/
			return &faults.Error{Status: http.StatusBadRequest, Code: "InvalidArgument", Message: "no such marker"}
		}
		return nil
	})
	r := execute(t, h.env(), "clean")
	if calls != 5 || r.code != exitOK || !strings.Contains(r.stdout, fmt.Sprintf("\n%d uploads: %[1]d orphans", aPage)) {
		t.Errorf("%d calls, code %d, %s", calls, r.code, r.stderr)
	}
}

// TestCleanEndsOnPagesWithoutEnd has servers whose pages never come to an end.
func TestCleanEndsOnPagesWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]string{
		"the same page again": "<NextKeyMarker>a</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>",
		"no marker":           "",
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarbour(t)
			uploadKey := key("clicks/", uuid.NewString(), 0)
			h.s3.Control("ListMultipartUploads", func(faults.Call, func()) error {
				return &faults.Error{Status: http.StatusOK, Body: fmt.Appendf(nil,
					"<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>%s<Upload><Key>%s</Key><UploadId>u</UploadId><Initiated>2026-01-02T03:04:05.000Z</Initiated></Upload></ListMultipartUploadsResult>", next, uploadKey)}
			})
			r := execute(t, h.env(), "clean")
			want := "standpipe: list all uploads under s3://lake/_standpipe/standpipe-clicks/: the server repeats or skips pages: run clean again once these are gone\n"
			if r.code != exitPartial || r.stderr != want || !strings.Contains(r.stdout, "\n1 upload: 1 orphans") {
				t.Errorf("got %s", r)
			}
		})
	}
}

// TestCleanListsPagesOnVersitygw reads more than a page there, or on the server at S3_ENDPOINT.
func TestCleanListsPagesOnVersitygw(t *testing.T) {
	t.Parallel()
	server := realservers.S3(t)
	client := s3.NewFromConfig(server.Config(), func(o *s3.Options) { o.UsePathStyle, o.Retryer = true, aws.NopRetryer{} })
	bucket := "clean-" + strings.ToLower(rand.Text())
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket})
	must(t, err)
	for i := range aPage {
		_, err := client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: aws.String(key("clicks/", uuid.NewString(), i))})
		must(t, err)
	}
	_, err = client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: aws.String("taps/x")})
	must(t, err)
	c := &cleaner{svc: &services{s3: client, region: realservers.Region}, now: time.Now}
	found, whole, err := c.list(t.Context(), place{bucket, "clicks/"})
	if err != nil || !whole || len(found) != aPage {
		t.Errorf("%d uploads, whole %v, %v", len(found), whole, err)
	}
	for _, u := range found {
		if u.age < -time.Minute || u.age > time.Hour {
			t.Fatalf("upload %s is %s old", u.key, u.age)
		}
	}
}

// TestNamesOfThisApplication tells its keys from others.
func TestNamesOfThisApplication(t *testing.T) {
	cfg, err := config.Load(config.Source{Env: []string{
		"STANDPIPE_STREAM_NAME=x", "STANDPIPE_LEASES_APPLICATION=a.b", "STANDPIPE_OUTPUTS_0_BUCKET=lake", "STANDPIPE_OUTPUTS_0_TIME_ZONE=Europe/Berlin",
		"STANDPIPE_OUTPUTS_0_PREFIX=raw/h!{timestamp:HH}-!{firehose:random-string}-", "STANDPIPE_ERRORS_PREFIX=bad-!{firehose:error-output-type}-",
	}})
	must(t, err)
	pipe, err := newPipeline(cfg)
	must(t, err)
	keyed := keyedOutput(t, "by/!{timestamp:HH}/!{partitionKeyFromLambda:k}-")
	keyed.Bucket, keyed.Location = "lake", time.UTC
	pipe.outputs = append(pipe.outputs, keyed)
	const id = "01a20553-d0dc-765d-a5cc-407b89977146"
	for key, ours := range map[string]bool{
		"raw/h03-abcdefghijk-a.b-2026-01-02-03-04-05-" + id + "-0.ndjson.gz":    true,
		"raw/h04-abcdefghijk-a.b-2026-01-02-03-04-05-" + id + "-0.ndjson.gz":    false, // not the path of 3 o'clock
		"raw/h03-a/b-a.b-2026-01-02-03-04-05-" + id + "-0":                      false,
		"by/02/any/thing at=all-a.b-2026-01-02-03-04-05-" + id + "-0.ndjson.gz": false,
		"by/03/any/thing at=all-a.b-2026-01-02-03-04-05-" + id + "-0.ndjson.gz": true,
		"raw/other/a.b-2026-01-02-03-04-05-" + id + "-17":                       true, // a former prefix
		"a.b-2026-01-02-03-04-05-" + id + ".check":                              true,
		"bad-processing-failed-a.b-2026-01-02-03-04-05-" + id + "-1.ndjson":     true,
		"bad-x/processing-failed-a.b-2026-01-02-03-04-05-" + id + "-1":          false,
		"raw/axb-2026-01-02-03-04-05-" + id + "-0":                              false,
		"raw/a.b-2026-01-02-03-04-05-" + strings.ToUpper(id) + "-0":             false,
		"raw/a.b-2026-01-02-03-04-05-" + id + "-0x":                             false,
		"raw/a.b-2026-01-02-03-04-" + id + "-0":                                 false,
		"raw/a.b-2026-01-02-03-04-05-" + id[1:] + "-0":                          false,
	} {
		got, ok := newNaming(cfg, pipe).batch("lake", key)
		if ok != ours || ok && got != id {
			t.Errorf("%s: got %q, %v", key, got, ok)
		}
	}
}

func TestOutermostPlaces(t *testing.T) {
	got := outermost([]place{{"a", "x/"}, {"a", "x/y/"}, {"a", "z/"}, {"b", ""}, {"b", "x/"}, {"c", "x/"}})
	if want := []place{{"a", "x/"}, {"a", "z/"}, {"b", ""}, {"c", "x/"}}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v", got)
	}
}
