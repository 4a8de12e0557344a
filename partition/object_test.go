package partition

import (
	"regexp"
	"testing"
	"time"
)

func TestObjectKeyDrawsEachRandomStringAnew(t *testing.T) {
	uuids := []string{"046B6C7F-0b8a-4d5e-9f00-0123456789ab", "5abf82da-aa5c-4d5e-9f00-0123456789ab"}
	calls := 0
	draw := func() string {
		calls++
		return uuids[(calls-1)%2]
	}
	p := mustParse(t, "a/!{firehose:random-string}/!{timestamp:yyyy}/!{firehose:random-string}", Data)
	at := time.Date(2026, 7, 13, 14, 5, 6, 0, time.UTC)
	path := p.Path(at, "")
	if path != p.Path(at.Add(time.Hour), "") || calls != 0 {
		t.Fatal("the random string multiplies paths")
	}
	if got := ObjectKey(path, draw, "name.gz"); got != "a/046b6c7f-0b/2026/5abf82da-aaname.gz" || calls != 2 {
		t.Errorf("key %q after %d draws", got, calls)
	}
	if got := ObjectKey("plain/", draw, "n"); got != "plain/n" || calls != 2 {
		t.Errorf("key %q after %d draws", got, calls)
	}
	form := regexp.MustCompile(`^a/[0-9a-z-]{11}/2026/[0-9a-z-]{11}n$`)
	if got := ObjectKey(path, draw, "n"); !form.MatchString(got) {
		t.Errorf("key %q", got)
	}
}

func TestObjectKeyKeepsAShortRandomString(t *testing.T) {
	p := mustParse(t, "!{firehose:random-string}/", Data)
	if got := ObjectKey(p.Path(time.Time{}, ""), func() string { return "x1" }, "n"); got != "x1/n" {
		t.Errorf("key %q", got)
	}
}

func TestObjectName(t *testing.T) {
	at := time.Date(2026, 2, 12, 7, 3, 59, 999, time.UTC)
	for _, c := range []struct {
		zone, extension, want string
	}{
		{"", "", "clicks-2026-02-12-07-03-59-u1"},
		{"", "gz", "clicks-2026-02-12-07-03-59-u1.gz"},
		{"", ".gz", "clicks-2026-02-12-07-03-59-u1.gz"},
		{"", ".ndjson.gz", "clicks-2026-02-12-07-03-59-u1.ndjson.gz"},
		{"", ".", "clicks-2026-02-12-07-03-59-u1"},
		{"Asia/Tokyo", ".parquet", "clicks-2026-02-12-16-03-59-u1.parquet"},
	} {
		var loc *time.Location
		if c.zone != "" {
			loc = zone(t, c.zone)
		}
		if got := ObjectName("clicks", at, loc, "u1", c.extension); got != c.want {
			t.Errorf("in %q with %q: %q, want %q", c.zone, c.extension, got, c.want)
		}
	}
}
