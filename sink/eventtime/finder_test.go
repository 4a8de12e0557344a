package eventtime

import (
	"cmp"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

var arrival = time.Date(2026, 7, 13, 14, 0, 0, 0, time.UTC)

// settings are Options as they are written; a format of "" is auto.
type settings struct {
	path, format   string
	loc            *time.Location
	oldest, newest time.Duration
}

func finder(t testing.TB, s settings) *Finder {
	t.Helper()
	path, err := ParsePath(s.path)
	if err != nil {
		t.Fatalf("%s: %v", s.path, err)
	}
	format, err := ParseFormat(cmp.Or(s.format, "auto"), s.loc)
	if err != nil {
		t.Fatalf("%s: %v", s.format, err)
	}
	return New(Options{path, format, s.oldest, s.newest})
}

func show(f Found) string {
	if f.Reason != Usable {
		return string(f.Reason)
	}
	return f.Time.Format(time.RFC3339Nano)
}

func TestWhereTheTimeStands(t *testing.T) {
	for _, c := range []struct{ path, record, want string }{
		{".time", `{"time":1594000000}`, "2020-07-06T01:46:40Z"},
		{".time", " \n{ \"x\" : [1, {\"time\":5}] , \"time\" : 1594000000 } ", "2020-07-06T01:46:40Z"},
		{".time", "\ufeff{\"time\":1594000000}", "2020-07-06T01:46:40Z"},
		{".time", `{"time":1,"time":1594000000}`, "2020-07-06T01:46:40Z"},
		{".time", `{"time":1594000000,"time":null}`, "missing"},
		{".time", `{"t\u0069me":1594000000}`, "2020-07-06T01:46:40Z"},
		{".time", `{"time":"1594\u0030\u00300000"}`, "2020-07-06T01:46:40Z"},
		{".a.b[1]", `{"a":{"b":[{},1594000000]}}`, "2020-07-06T01:46:40Z"},
		{".a.b[1]", `{"a":{"b":[1594000000]}}`, "missing"},
		{".a.b", `{"a":{"b":1594000000},"a":{}}`, "missing"},
		{".a.b", `{"a":[1594000000]}`, "missing"},
		{".[0]", `{"0":1594000000}`, "missing"},
		{".[1]", `[[],1594000000]`, "2020-07-06T01:46:40Z"},
		{`."a b"`, `{"a b":1594000000}`, "2020-07-06T01:46:40Z"},
		{`.`, `1594000000`, "2020-07-06T01:46:40Z"},
		{`.`, `"2020-07-06T01:46:40Z"`, "2020-07-06T01:46:40Z"},
		{".time", `{}`, "missing"},
		{".time", `{"Time":1594000000}`, "missing"},
		{".time", `{"time":null}`, "missing"},
		{".time", `{"time":true}`, "unreadable"},
		{".time", `{"time":{}}`, "unreadable"},
		{".time", `{"time":[1594000000]}`, "unreadable"},
		{".time", `{"time":""}`, "unreadable"},
		{".time", ``, "not_json"},
		{".time", `{`, "not_json"},
		{".time", `{"time":1594000000`, "not_json"},
		{".time", `{"time":1594000000,}`, "not_json"},
		{".time", `{"time":1594000000;}`, "not_json"},
		{".time", `{"time" 1594000000}`, "not_json"},
		{".a[0]", `{"a":[1594000000`, "not_json"},
		{".a[0]", `{"a":[1594000000,]}`, "not_json"},
		{".time", `{"time":1594000000}{"time":1}`, "2020-07-06T01:46:40Z"},
		{".time", `{"time":1594000000} no JSON`, "2020-07-06T01:46:40Z"},
		{".time", `1594000000`, "missing"},

		{".time?", `{"time":1594000000}`, "2020-07-06T01:46:40Z"},
		{".a[-1]", `{"a":[1,1594000000]}`, "2020-07-06T01:46:40Z"},
		{".x // .y", `{"y":1594000000}`, "2020-07-06T01:46:40Z"},
		{".ms / 1000", `{"ms":1594000000500}`, "2020-07-06T01:46:40.5Z"},
		{".ns", `{"ns":1594000000123456789}`, "2020-07-06T01:46:40.123456789Z"},
		{".ns | .", `{"ns":1594000000123456789}`, "2020-07-06T01:46:40.123456789Z"},
		{`.day + "T" + .hour`, `{"day":"2020-07-06","hour":"01:46:40"}`, "2020-07-06T01:46:40Z"},
		{".[] | select(. > 5)", `[1,1594000000]`, "2020-07-06T01:46:40Z"},
		{"empty", `{}`, "missing"},
		{".time | halt", `{}`, "missing"},
		{".a.b", `{"a":1}`, "missing"},
		{".a.b | .", `{"a":1}`, "unreadable"},
		{".a | tonumber", `{"a":"x"}`, "unreadable"},
		{"[.] | .[0].time", `{"time":1594000000`, "not_json"},
		{"[.] | .[0].time", `{"time":1594000000} no JSON`, "2020-07-06T01:46:40Z"},
		{"last(range(1e12))", `{}`, "unreadable"},
	} {
		got := finder(t, settings{path: c.path}).Find([]byte(c.record), arrival)
		if show(got) != c.want {
			t.Errorf("%s of %s: %s, want %s", c.path, c.record, show(got), c.want)
		}
	}
}

func TestHowTheTimeIsWritten(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ format, value, want string }{
		{"auto", "0", "1970-01-01T00:00:00Z"},
		{"auto", "-1.5", "1969-12-31T23:59:58.5Z"},
		{"auto", "1594000000", "2020-07-06T01:46:40Z"},
		{"auto", "1594000000.25", "2020-07-06T01:46:40.25Z"},
		{"auto", "1.594e9", "2020-07-06T01:46:40Z"},
		{"auto", "1.594000000123456789E+09", "2020-07-06T01:46:40.123456789Z"},
		{"auto", "1594000000123", "2020-07-06T01:46:40.123Z"},
		{"auto", "1594000000123.456", "2020-07-06T01:46:40.123456Z"},
		{"auto", "1594000000123456", "2020-07-06T01:46:40.123456Z"},
		{"auto", "1594000000123456789", "2020-07-06T01:46:40.123456789Z"},
		{"auto", "1000000000000", "2001-09-09T01:46:40Z"},
		{"auto", "-1000000000000", "1938-04-24T22:13:20Z"},
		{"auto", "999999999999999", "too_new"},
		{"auto", "999999999999", "too_new"},
		{"auto", "1000000000000000", "2001-09-09T01:46:40Z"},
		{"auto", "1000000000000000000", "2001-09-09T01:46:40Z"},
		{"auto", "100000000000000000000000", "unreadable"},
		{"auto", "1e300", "unreadable"},
		{"auto", "1e99999999999999999999", "unreadable"},
		{"auto", "1e-300", "1970-01-01T00:00:00Z"},
		{"auto", "0e900", "1970-01-01T00:00:00Z"},
		{"auto", "0.0000000001594e19", "2020-07-06T01:46:40Z"},
		{"auto", `"1594000000"`, "2020-07-06T01:46:40Z"},
		{"auto", `" +1594000000.5 "`, "2020-07-06T01:46:40.5Z"},
		{"auto", `"01594000000"`, "unreadable"},
		{"auto", `"0x10"`, "unreadable"},
		{"auto", `"-"`, "unreadable"},
		{"auto", `"2020"`, "1970-01-01T00:33:40Z"},
		{"auto", `"2020-07-06T01:46:40Z"`, "2020-07-06T01:46:40Z"},
		{"epoch_s", "1594000000123", "unreadable"},
		{"epoch_s", "253402300799", "too_new"},
		{"epoch_s", "1594000000.123456789999", "2020-07-06T01:46:40.123456789Z"},
		{"epoch_s", "1000000000001", "unreadable"},
		{"epoch_s", `"1594000000"`, "2020-07-06T01:46:40Z"},
		{"epoch_s", `"2020-07-06T01:46:40Z"`, "unreadable"},
		{"epoch_ms", "1594000000123", "2020-07-06T01:46:40.123Z"},
		{"epoch_ms", "1594000000123.5", "2020-07-06T01:46:40.1235Z"},
		{"epoch_ms", "5", "1970-01-01T00:00:00.005Z"},
		{"epoch_ms", "-5", "1969-12-31T23:59:59.995Z"},
		{"epoch_us", "1594000000123456", "2020-07-06T01:46:40.123456Z"},
		{"epoch_us", "0.5", "1970-01-01T00:00:00.0000005Z"},
		{"epoch_ns", "1594000000123456789", "2020-07-06T01:46:40.123456789Z"},
		{"epoch_ns", "7", "1970-01-01T00:00:00.000000007Z"},
		{"epoch_ns", "0.7", "1970-01-01T00:00:00Z"},
		{"epoch_ns", `"1594000000123456789"`, "2020-07-06T01:46:40.123456789Z"},
		{"rfc3339", "1594000000", "unreadable"},
		{"rfc3339", `"1594000000"`, "unreadable"},
		{"rfc3339", `"2020-07-06T01:46:40Z"`, "2020-07-06T01:46:40Z"},
		{"rfc3339", `"2020-07-06t01:46:40z"`, "2020-07-06T01:46:40Z"},
		{"rfc3339", `"2020-07-06 01:46:40Z"`, "2020-07-06T01:46:40Z"},
		{"rfc3339", `"2020-07-06T01:46:40.1Z"`, "2020-07-06T01:46:40.1Z"},
		{"rfc3339", `"2020-07-06T01:46:40,123456789123Z"`, "2020-07-06T01:46:40.123456789Z"},
		{"rfc3339", `"2020-07-06T01:46:40+02:00"`, "2020-07-05T23:46:40Z"},
		{"rfc3339", `"2020-07-06T01:46:40-0530"`, "2020-07-06T07:16:40Z"},
		{"rfc3339", `"2020-07-06 01:46:40.5+02"`, "2020-07-05T23:46:40.5Z"},
		{"rfc3339", `"2020-07-06 01:46:40 +0200"`, "2020-07-05T23:46:40Z"},
		{"rfc3339", `"2020-07-06 01:46:40 UTC"`, "2020-07-06T01:46:40Z"},
		{"rfc3339", `"2020-07-06T01:46:40+00:19:32"`, "2020-07-06T01:27:08Z"},
		{"rfc3339", `"2020-07-06T01:46:40+02:00[Europe/Berlin]"`, "2020-07-05T23:46:40Z"},
		{"rfc3339", `"2020-07-06T01:46:40"`, "2020-07-05T23:46:40Z"},
		{"rfc3339", `"2020-01-06T01:46"`, "2020-01-06T00:46:00Z"},
		{"rfc3339", `"2020-07-06"`, "2020-07-05T22:00:00Z"},
		{"rfc3339", `"2024-03-31T02:30:00"`, "2024-03-31T01:30:00Z"},
		{"rfc3339", `"2024-10-27T02:30:00"`, "2024-10-27T00:30:00Z"},
		{"rfc3339", `" 2020-07-06T01:46Z "`, "2020-07-06T01:46:00Z"},
		{"rfc3339", `"2020-07-06T24:00:00Z"`, "2020-07-07T00:00:00Z"},
		{"rfc3339", `"2016-12-31T23:59:60Z"`, "2017-01-01T00:00:00Z"},
		{"rfc3339", `"2020-02-29T00:00:00Z"`, "2020-02-29T00:00:00Z"},
		{"rfc3339", `"2021-02-29T00:00:00Z"`, "unreadable"},
		{"rfc3339", `"2020-07-06T24:00:01Z"`, "unreadable"},
		{"rfc3339", `"2020-07-06T25:00:00Z"`, "unreadable"},
		{"rfc3339", `"2020-07-06T01:60:00Z"`, "unreadable"},
		{"rfc3339", `"2020-07-06T01:46:61Z"`, "unreadable"},
		{"rfc3339", `"2020-13-06T01:46:40Z"`, "unreadable"},
		{"rfc3339", `"2020-00-06T01:46:40Z"`, "unreadable"},
		{"rfc3339", `"2020-07-06T01:46:40.Z"`, "unreadable"},
		{"rfc3339", `"2020-07-06T01:46:40ZZ"`, "unreadable"},
		{"rfc3339", `"2020-07-06T01:46:40Z[Europe/Berlin"`, "unreadable"},
		{"rfc3339", `"2020-07-06T01:46:40[Europe/Berlin]"`, "unreadable"},
		{"rfc3339", `"2020-07-06T01:46:40+2"`, "unreadable"},
		{"rfc3339", `"2020-07-06T01"`, "unreadable"},
		{"rfc3339", `"2020-7-6T01:46:40Z"`, "unreadable"},
		{"rfc3339", `"yesterday"`, "unreadable"},
		{"rfc3339", `"0000-01-01T00:00:00Z"`, "too_old"},
		{"rfc3339", `"9999-01-01T00:00:00Z"`, "too_new"},
		{"dd/MMM/yyyy:HH:mm:ss Z", `"28/Jul/2020:05:51:04 +0000"`, "2020-07-28T05:51:04Z"},
		{"dd/MMM/yyyy:HH:mm:ss Z", `"28\/Jul\/2020:05:51:04 -0700"`, "2020-07-28T12:51:04Z"},
		{"dd/MMM/yyyy:HH:mm:ss Z", `" 28/Jul/2020:05:51:04 +0000 "`, "2020-07-28T05:51:04Z"},
		{"dd/MMM/yyyy:HH:mm:ss Z", `"28/Juli/2020:05:51:04 +0000"`, "unreadable"},
		{"yyyy-MM-dd HH:mm:ss", `"2020-07-28 05:51:04"`, "2020-07-28T03:51:04Z"},
		{"yyyyMMddHH", `2020072805`, "2020-07-28T03:00:00Z"},
		{"yyyyMMddHH", `true`, "unreadable"},
	} {
		f := finder(t, settings{path: ".t", format: c.format, loc: berlin})
		got := f.Find([]byte(`{"t":`+c.value+`}`), arrival)
		if show(got) != c.want {
			t.Errorf("%s of %s: %s, want %s", c.format, c.value, show(got), c.want)
		}
	}
}

func TestBoundsAreThoseOfTheArrival(t *testing.T) {
	for _, c := range []struct {
		oldest, newest time.Duration
		at             string
		want           Reason
	}{
		{time.Hour, time.Minute, "2026-07-13T13:00:00Z", Usable},
		{time.Hour, time.Minute, "2026-07-13T12:59:59.999999999Z", TooOld},
		{time.Hour, time.Minute, "2026-07-13T14:01:00Z", Usable},
		{time.Hour, time.Minute, "2026-07-13T14:01:00.000000001Z", TooNew},
		{0, time.Minute, "0001-01-02T00:00:00Z", Usable},
		{0, time.Minute, "0001-01-01T23:59:59Z", TooOld},
		{time.Hour, 0, "9998-12-30T23:59:59Z", Usable},
		{time.Hour, 0, "9998-12-31T00:00:00Z", TooNew},
		{time.Hour, 0, "1970-01-01T00:00:00Z", TooOld},
	} {
		f := finder(t, settings{path: ".", oldest: c.oldest, newest: c.newest})
		got := f.Find([]byte(`"`+c.at+`"`), arrival)
		if got.Reason != c.want || got.Time.Format(time.RFC3339Nano) != c.at {
			t.Errorf("%s: %v, %q, want %q", c.at, got.Time, got.Reason, c.want)
		}
	}
}

func TestMessagesSayWhereWhatAndWhatElse(t *testing.T) {
	for _, c := range []struct{ path, format, record, want string }{
		{".time", "rfc3339", `{}`, "no usable time at .time: nothing is there, expected RFC 3339"},
		{".time", "epoch_ms", `{"time":"soon"}`, `no usable time at .time: found "soon", expected milliseconds since 1970`},
		{".a", "dd/MM/yyyy", `{"a":[1,2]}`, `no usable time at .a: found [1,2], expected dd/MM/yyyy`},
		{".a", "auto", `{"a":"` + strings.Repeat("é", 500) + `"}`, `no usable time at .a: found "` + strings.Repeat("é", 39) + `…, expected seconds, milliseconds, microseconds or nanoseconds since 1970, or RFC 3339`},
		{".a", "auto", `{"a":0}`, "no usable time at .a: found 0, which is 1970-01-01T00:00:00Z, more than 168h0m0s before its arrival"},
		{".a", "epoch_s", `{"a":"4102444800"}`, `no usable time at .a: found "4102444800", which is 2100-01-01T00:00:00Z, more than 1h0m0s after its arrival`},
		{".a", "auto", `{"a":`, "no usable time at .a: the record is not JSON"},
		{".a | tonumber", "auto", `{"a":[]}`, "no usable time at .a | tonumber: tonumber cannot be applied to: array ([])"},
		{".a", "auto", "{\"a\":\"\u0085\"}", "no usable time at .a: found \"\uFFFD\", expected seconds, milliseconds, microseconds or nanoseconds since 1970, or RFC 3339"},
	} {
		f := finder(t, settings{path: c.path, format: c.format, oldest: 7 * 24 * time.Hour, newest: time.Hour})
		got := f.Find([]byte(c.record), arrival)
		if got.Message() != c.want {
			t.Errorf("%s of %s: %s, want %s", c.path, c.record, got.Message(), c.want)
		}
	}
	got := finder(t, settings{path: "."}).Find([]byte(`"0000-01-01"`), arrival)
	if want := "which is 0000-01-01T00:00:00Z, beyond the years that can be filed"; !strings.HasSuffix(got.Message(), want) {
		t.Errorf("%s, want %s", got.Message(), want)
	}
}

func TestPathsAndFormatsThatAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"time": "is no jq program: function not defined: time/0", "": "is empty", " ": "is empty", ".a[": "is no jq program: unexpected EOF", ".a | nothing": "function not defined", "$x": "variable not defined", "env.HOME": "the environment is not for records",
	} {
		if p, err := ParsePath(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %q in it", text, p, err, want)
		}
	}
	for text, want := range map[string]string{
		"iso8601": "is neither auto, epoch_s, epoch_ms, epoch_us, epoch_ns, rfc3339 nor a pattern: offset 0", "HH:mm": "has no year", "EPOCH_S": "is neither", "": "has an empty pattern",
	} {
		if f, err := ParseFormat(text, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %q in it", text, f, err, want)
		}
	}
}

func TestFindingATimeOnAPlainPathAllocatesNothing(t *testing.T) {
	for _, c := range []struct{ format, record string }{
		{"auto", `{"id":1,"a b":{"tags":["x"]},"time":[0,1594000000123]}`},
		{"auto", `{"id":1,"time":[0,"2020-07-06T01:46:40.123Z"]}`},
		{"rfc3339", `{"id":1,"time":[0,"2020-07-06T01:46:40"]}`},
		{"dd/MMM/yyyy:HH:mm:ss Z", `{"id":1,"time":[0,"28/Jul/2020:05:51:04 +0000"]}`},
		{"auto", `{"id":1,"time":[0,"yesterday"]}`},
		{"auto", `{"id":1,"time":[0,0]}`},
		{"auto", `{"id":1}`},
		{"auto", `{"id":1`},
	} {
		f := finder(t, settings{path: ".time[1]", format: c.format, oldest: time.Hour})
		data := []byte(c.record)
		if n := testing.AllocsPerRun(100, func() { f.Find(data, arrival) }); n != 0 {
			t.Errorf("%s of %s: %v allocations", c.format, c.record, n)
		}
	}
}

func TestFindLeavesTheRecordAlone(t *testing.T) {
	data := []byte(`{"time":"x","a":[1,2]}`)
	got := finder(t, settings{path: ".a | reverse"}).Find(data, arrival)
	if string(data) != `{"time":"x","a":[1,2]}` || got.Message() != "no usable time at .a | reverse: found [2,1], expected seconds, milliseconds, microseconds or nanoseconds since 1970, or RFC 3339" {
		t.Errorf("%s, %s", data, got.Message())
	}
}
