package status

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"standpipe/consumer"
)

func full() Report {
	r := Report{At: 1795385722728, Program: "v1.4.0", Started: 1795380000, Records: 31234.56, Bytes: 10_400_123, Used: 83 << 20, Budget: 128 << 20, Open: 10_000, Oldest: 299,
		Lags: map[string]int64{}, Batches: []ReportBatch{{"completing", 1795385000, 340 << 20}, {"filling", 1795385300, 150 << 20}},
		Commit: &ReportCommit{1795385300, "interval", 1.412, 48, 1_080_000, 340 << 20, 61 << 20}}
	for i := range 99 {
		r.Lags[shortShard(fmt.Sprintf("shardId-%012d", i))] = int64(1000 - i)
	}
	for i := range 5 {
		r.Troubles = append(r.Troubles, ReportTrouble{fmt.Sprintf("doing %d", i), strings.Repeat("wh\u00fc<\x00", 100), 1795385300, 12, 3})
	}
	return r
}

func TestReportFitsItsRoom(t *testing.T) {
	for room := 0; room < 6000; room += 7 {
		text := full().Encode(room)
		if len(text) > room || !utf8.ValidString(text) {
			t.Fatalf("%d bytes for %d: %s", len(text), room, text)
		}
		if room < 200 {
			continue
		}
		r := readReport(text)
		if r == nil || r.Records != 31234.6 || r.Open != 10_000 {
			t.Fatalf("room %d: %s", room, text)
		}
		if len(r.Lags) < 99 && !r.Fewer || len(r.Troubles)+r.Others != 5 {
			t.Fatalf("room %d: what is left out is not said: %s", room, text)
		}
		if len(r.Lags) > 0 && r.Lags["0"] != 1000 {
			t.Fatalf("room %d: the largest lag is not there: %s", room, text)
		}
	}
	if usual := consumer.ReportRoom("ip-10-0-3-17.eu-west-1.compute.internal-9f2c11ab"); usual < 750 {
		t.Errorf("a worker of a usual name has room for %d bytes", usual)
	}
	calm := full()
	calm.Lags, calm.Troubles = nil, nil
	if text := calm.Encode(4096); len(text) > 400 {
		t.Errorf("a calm worker reports %d bytes, which everybody's scans read: %s", len(text), text)
	}
}

func TestReportsOfOtherVersions(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "no JSON": "{", "another kind": "[]", "no version": `{"t":1}`, "a later version": `{"v":2,"t":1}`,
		"a type that was changed": `{"v":1,"t":"now"}`, "a time that can not be shown": `{"v":1,"t":9e17}`, "a time before all": `{"v":1,"t":-1}`,
		"a commit beyond all": `{"v":1,"t":1,"c":{"t":99999999999999}}`,
	} {
		if r := readReport(text); r != nil {
			t.Errorf("%s: taken for %+v", name, r)
		}
	}
	if r := readReport(`{"v":1,"t":1795385722728,"later":{"x":[1]},"l":{"3":7}}`); r == nil || r.Lags["3"] != 7 {
		t.Errorf("a member that is not known is in the way: %+v", r)
	}
}

func TestShardsAreShortened(t *testing.T) {
	for id, short := range map[string]string{
		"shardId-000000000012": "12", "shardId-000000000000": "0", "shardId-123456789012": "123456789012",
		"shardId-12": "shardId-12", "shardId-00000000000x": "shardId-00000000000x", "other": "other", "shardId-": "shardId-",
	} {
		if got := shortShard(id); got != short || longShard(got) != id {
			t.Errorf("%s becomes %s, and that %s", id, got, longShard(got))
		}
	}
}

func TestTroublesInPlainWords(t *testing.T) {
	now := time.Now()
	got := troubles(manyTroubles(now))
	if len(got) != 2 || got[0].Doing != "uploading to S3" || got[0].Count != 30 || got[0].More != 9 || got[0].On != "part 1 of k9" {
		t.Fatalf("got %+v", got)
	}
	want := "Uploading to S3 fails for 90 s (30 attempts), for part 1 of k9 and 9 more: S3 can not be reached: connection refused. It is repeated until it succeeds; no record is lost by that."
	if text := got[0].sentence(now); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if text := why("S3", errors.New("odd.")); text != "odd" {
		t.Errorf("got %q", text)
	}
	proxy := &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: 503}}, Err: &smithy.DeserializationError{Err: errors.New("invalid character 'd'")},
	}}
	if text := why("DynamoDB", fmt.Errorf("scan: %w", proxy)); text != "DynamoDB answers 503 Service Unavailable, in a form that is not its own: look at the endpoint and at what stands before it" {
		t.Errorf("got %q", text)
	}
}
