package steps

import (
	"slices"
	"strings"
	"testing"
	"time"

	"standpipe/partition"
	"standpipe/sink"
)

// clicked is the record of AWS's documentation.
const clicked = `{
   "type": {
    "device": "mobile",
    "event": "user_clicked_submit_button"
  },
  "customer_id": "1234567890",
  "event_timestamp": 1565382027,
  "region": "sa-east-1"
}`

// keysOn runs a partition_keys step on a record and gives its keys as name=value, or the message of its failure.
func keysOn(t *testing.T, program, data string) string {
	t.Helper()
	s, err := NewPartitionKeys("keys", program, 10*time.Second)
	if err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	var got string
	n := 0
	s.Do(sink.Record{Data: []byte(data)}, func(r sink.Record) bool {
		n++
		if string(r.Data) != data || r.Raw != nil || r.RawAfter != "" {
			t.Errorf("%s: the record is changed: %+v", program, r)
		}
		if f := r.Failure; f != nil {
			if f.Type != "metadata-extraction-failed" || f.Code != "DynamicPartitioning.MetadataExtractionFailed" || f.Step != "keys" || r.Keys != nil {
				t.Errorf("%s: got %+v", program, f)
			}
			got = f.Message
			return true
		}
		var list []string
		for _, k := range r.Keys {
			if k.Source != partition.Query {
				t.Errorf("%s: the source of a key is %q", program, k.Source)
			}
			list = append(list, k.Name+"="+k.Value)
		}
		got = strings.Join(list, " ")
		return true
	})
	if n != 1 {
		t.Errorf("%s: %d records", program, n)
	}
	return got
}

func TestPartitionKeysOfFirehosesQueries(t *testing.T) {
	const wide = `{"ts":1565382027123,"iso":"2019-08-09T20:20:27Z","id":"a b","n":7,"tags":["x","y"],"empty":"","nested":{"k":"v"},"day":"2019-08-09T20:20:27.123Z"}`
	for _, c := range []struct{ program, data, want string }{
		{`{customer_id:.customer_id,device:.type.device,year:.event_timestamp|strftime("%Y")}`, clicked, "customer_id=1234567890 device=mobile year=2019"},
		{`{customer_id:.customer_id,device:.type.device,year:.event_timestamp|strftime("%Y"),month:.event_timestamp|strftime("%m"),day:.event_timestamp|strftime("%d"),hour:.event_timestamp|strftime("%H")}`, clicked,
			"customer_id=1234567890 day=09 device=mobile hour=20 month=08 year=2019"},
		{`{ customer_id : .customer_id , region : .region }`, clicked, "customer_id=1234567890 region=sa-east-1"},
		{`{"customer_id": .customer_id, "when": (.event_timestamp | strftime("%Y-%m-%d"))}`, clicked, "customer_id=1234567890 when=2019-08-09"},
		{`{year: (.ts / 1000 | strftime("%Y")), month: (.ts/1000|strftime("%m"))}`, wide, "month=08 year=2019"},
		{`{year:.ts/1000|strftime("%Y")}`, wide, "year=2019"}, // jq 1.6 wants parentheses
		{`{sector:.nested.k| "sector=\(.)"}`, wide, "sector=sector=v"},
		{`{hour: .iso|fromdateiso8601|strftime("%H")}`, wide, "hour=20"},
		{`{day: .day[0:10], first: .tags[0], k: .nested.k}`, wide, "day=2019-08-09 first=x k=v"},
		{`{day: .day|split("T")|.[0]}`, wide, "day=2019-08-09"},
		{`{day: .day|sub("\\.[0-9]+Z$"; "Z")|fromdate|strftime("%d")}`, wide, "day=09"},
		{`{n: .n, half: (.n / 2), yes: (.n > 3), id}`, wide, "half=3.5 id=a b n=7 yes=true"},
		{`{e: (if .empty == "" then "none" else .empty end), m: (.missing // "unknown")}`, wide, "e=none m=unknown"},
		{`{e: .empty}`, wide, "partitionKeys values must not be null or empty"},
		{`{m: .missing}`, wide, "partitionKeys values must not be null or empty"},
		{`{t: .tags}`, wide, `the value of the partition key "t" is an array; it must be a string, a number, true or false`},
		{`{t: .nested}`, wide, `the value of the partition key "t" is an object; it must be a string, a number, true or false`},
		{`.id`, wide, "the program of the partition keys gave a string; it must give an object"},
		{`empty`, wide, "the program of the partition keys gave no result; it must give an object"},
		{`{t: .tags[]}`, wide, "the program of the partition keys gave several results; it must give one object"},
		{`{}`, wide, ""},
		{`{x: .id.y}`, wide, `expected an object but got: string ("a b")`},
		{`{x: .a}`, `GET /`, "Non JSON record provided"},
		{`{x: .a}`, ``, "Non JSON record provided"},
		{`{x: .a}`, `{"a":1}{"a":2}`, "Non JSON record provided"},
		{`{x: .a}`, "\uFEFF {\"a\":1.50}\n", "x=1.5"},
		{`{x: .a[0], y: .a[1], z: .a[2]}`, `{"a":[1.0,1e3,-0.5]}`, "x=1 y=1000 z=-0.5"},
		{`{x: .a}`, `{"a":12345678901234567890}`, "x=12345678901234567890"},
		{`{x: .a, y: (.a|tostring)}`, `{"a":false}`, "x=false y=false"},
		{`def f: f; {x: f}`, `1`, "the program took more than 10s for the record"},
	} {
		if strings.HasPrefix(c.program, "def f: f") {
			s, err := NewPartitionKeys("keys", c.program, time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			s.Do(sink.Record{Data: []byte(c.data)}, func(r sink.Record) bool {
				if r.Failure == nil || r.Failure.Message != "the program took more than 1ms for the record" {
					t.Errorf("got %+v", r.Failure)
				}
				return true
			})
			continue
		}
		if got := keysOn(t, c.program, c.data); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.program, got, c.want)
		}
	}
}

func TestPartitionKeysThatAreKnownBeforehand(t *testing.T) {
	for program, want := range map[string]string{
		`{customer_id:.customer_id,year:.t|strftime("%Y")}`: "customer_id year",
		`.detail | {a, "b": 1, "c"}`:                        "a b c",
		`def f: 1; ({a: f})`:                                "a",
		`. as $x | {$x, y: 1}`:                              "x y",
		`. as $x | {$x: 1}`:                                 "?",
		`{("a" + "b"): 1}`:                                  "?",
		`{"\(.a)": 1}`:                                      "?",
		`{a: 1} + {b: 2}`:                                   "?",
		`.keys`:                                             "?",
		`if .a then {a} else {b} end`:                       "?",
		`{a: 1}.a`:                                          "?",
		`{}`:                                                "",
	} {
		s, err := NewPartitionKeys("keys", program, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		names, known := s.Keys()
		got := strings.Join(names, " ")
		if !known {
			got = "?"
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", program, got, want)
		}
	}
}

func TestPartitionKeysOfSeveralSteps(t *testing.T) {
	s, err := NewPartitionKeys("keys", `{a: 1, b: 2}`, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	value := func(source partition.Source, name, v string) sink.KeyValue {
		return sink.KeyValue{Key: partition.Key{Source: source, Name: name}, Value: v}
	}
	before := []sink.KeyValue{value(partition.Query, "b", "old"), value(partition.Query, "c", "3"), value(partition.Lambda, "a", "4")}
	s.Do(sink.Record{Data: []byte("{}"), Keys: before}, func(r sink.Record) bool {
		want := []sink.KeyValue{value(partition.Query, "a", "1"), value(partition.Query, "b", "2"), before[1], before[2]}
		if !slices.Equal(r.Keys, want) {
			t.Errorf("got %v", r.Keys)
		}
		return true
	})
}
