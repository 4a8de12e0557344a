package config

import (
	"reflect"
	"strings"
	"testing"
)

const replayed = `stream: {name: clicks}
outputs:
  - {name: raw, bucket: lake, prefix: "clicks/!{timestamp:yyyy/MM}/", schema: "id bigint", catalog: glue, glue: {database: lake, table: clicks}}
  - {name: all, bucket: pond, prefix: "all/"}
errors: {prefix: "bad/!{firehose:error-output-type}/"}
`

func loaded(t *testing.T, text string) Config {
	t.Helper()
	c, err := Load(Source{File: write(t, text)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestReplayHasPlacesOfItsOwn(t *testing.T) {
	c := loaded(t, replayed)
	got, notes, err := c.Replay(Replay{Prefix: "again/", Of: "from a to b"})
	if err != nil {
		t.Fatal(err)
	}
	app := got.Leases.Application
	if !strings.HasPrefix(app, "standpipe-clicks-replay-") || len(app) != len("standpipe-clicks-replay-")+8 || got.Leases.Table != app || got.Server.Listen != "" {
		t.Errorf("%+v, listens on %q", got.Leases, got.Server.Listen)
	}
	if got.Outputs[0].Prefix != "again/clicks/!{timestamp:yyyy/MM}/" || got.Outputs[1].Prefix != "again/all/" || got.Errors.Prefix != "again/bad/!{firehose:error-output-type}/" || got.Journal.Prefix != "_standpipe/"+app+"/" {
		t.Errorf("%+v, %+v, %+v", got.Outputs, got.Errors, got.Journal)
	}
	if got.Outputs[0].Catalog != "" || len(notes) != 1 || notes[0] != "output raw: catalog glue is off: partitions of a replay do not belong in table lake.clicks" {
		t.Errorf("catalog %q, notes %q", got.Outputs[0].Catalog, notes)
	}
	if again := loaded(t, replayed); !reflect.DeepEqual(c, again) {
		t.Errorf("the workers' configuration has changed: %+v", c)
	}
	got.Outputs, got.Errors, got.Journal, got.Leases, got.Server, got.origins = c.Outputs, c.Errors, c.Journal, c.Leases, c.Server, c.origins
	if !reflect.DeepEqual(got, c) {
		t.Errorf("something else is different: %+v", got)
	}
}

// The same replay has the same application at each start, another one another.
func TestReplayIsNamedByWhatItReplays(t *testing.T) {
	c := loaded(t, replayed)
	names := map[string]Replay{}
	for _, r := range []Replay{
		{Prefix: "again/", Of: "a"}, {Prefix: "again/", Of: "b"}, {Prefix: "other/", Of: "a"}, {Prefix: "again/", Of: "a", Outputs: []string{"raw"}}, {Prefix: "again/", Of: "a", Outputs: []string{"raw", "all"}},
	} {
		first, _, err := c.Replay(r)
		if err != nil {
			t.Fatal(err)
		}
		if second, _, _ := c.Replay(r); second.Leases != first.Leases {
			t.Errorf("%+v is %s and %s", r, first.Leases.Application, second.Leases.Application)
		}
		if other, known := names[first.Leases.Application]; known {
			t.Errorf("%+v and %+v have one name", r, other)
		}
		names[first.Leases.Application] = r
	}
	got, _, err := c.Replay(Replay{Prefix: "again/", Application: "mine", Outputs: []string{"all"}})
	if err != nil || got.Leases.Application != "mine" || got.Leases.Table != "mine" || got.Journal.Prefix != "_standpipe/mine/" || len(got.Outputs) != 1 || got.Outputs[0].Name != "all" {
		t.Errorf("%+v, %v", got, err)
	}
	c = loaded(t, replayed+"journal: {prefix: log/}\n")
	if got, _, err = c.Replay(Replay{Prefix: "again/", Application: "mine"}); err != nil || got.Journal.Prefix != "log-mine/" {
		t.Errorf("%+v, %v", got.Journal, err)
	}
}

func TestReplayMustLeadElsewhere(t *testing.T) {
	for _, row := range []struct {
		text   string
		replay Replay
		want   string // the only problem, "" = none
		note   string
	}{
		{replayed, Replay{Prefix: "clicks/again/"}, "--prefix: must lead out of outputs[0].prefix (got \"clicks/again/clicks/!{timestamp:yyyy/MM}/\"); its readers would take what is replayed for new", ""},
		{replayed, Replay{Prefix: "clicks/"}, "--prefix: must lead out of outputs[0].prefix", ""},
		{replayed, Replay{Prefix: "bad/"}, "--prefix: must lead out of errors.prefix", ""},
		{replayed, Replay{Prefix: "_standpipe/standpipe-clicks/"}, "--prefix: must lead out of journal.prefix", ""},
		{replayed, Replay{Prefix: "all/"}, "--prefix: must lead out of outputs[1].prefix", ""},
		{replayed, Replay{Prefix: "all/", Outputs: []string{"raw"}}, "", ""}, // another bucket
		{replayed, Replay{Prefix: "all"}, "", "--prefix does not end in /, so it is joined to the first word of each prefix: allbad/"},
		{replayed, Replay{}, "--prefix: is required", ""},
		{replayed, Replay{Prefix: "/again/"}, "--prefix: must be plain text that does not begin with /", ""},
		{replayed, Replay{Prefix: "again/", Outputs: []string{"alll"}}, "--output: must be the name of an output: raw, all (got \"alll\")", ""},
		{replayed, Replay{Prefix: "again/", Application: "standpipe-clicks"}, "--application: must differ from leases.application", ""},
		{replayed + "leases: {table: leases}\n", Replay{Prefix: "again/", Application: "leases"}, "--application: must differ from leases.application", ""},
		{replayed, Replay{Prefix: "again/", Application: "a b"}, "--application: must be 3 to 255 letters", ""},
		{minimal, Replay{Prefix: "again/"}, "", "outputs[0].prefix has no folder of its own, so its readers take what is replayed too, unless they leave it out"},
		{"stream: {name: clicks}\noutputs: [{bucket: lake, prefix: deep/down/here/}, {bucket: lake, prefix: here/}]\n", Replay{Prefix: "deep/down/", Outputs: []string{"output-1"}}, "--prefix: must lead out of outputs[0].prefix", ""},
		{"stream: {name: clicks}\noutputs: [{bucket: lake, prefix: x/y/z/}, {bucket: lake, prefix: \"\"}]\n", Replay{Prefix: "x/", Outputs: []string{"output-1"}}, "--prefix: must lead elsewhere (got \"x/\"); readers of what is replayed would take what lies under outputs[0].prefix too", ""},
		{replayed, Replay{Prefix: "_standpipe/", Application: "clicks"}, "journal.prefix: must lie outside outputs[0].prefix", ""},
	} {
		_, notes, err := loaded(t, row.text).Replay(row.replay)
		got := ""
		if err != nil {
			got = err.Error()
		}
		// What is wanted may stop short of the advice behind the value.
		if (row.want == "") != (got == "") || !strings.HasPrefix(got, row.want) || strings.Contains(got, "\n") {
			t.Errorf("%+v: got %q, want %q", row.replay, got, row.want)
		}
		if row.note != "" && !strings.Contains(strings.Join(notes, "\n"), row.note) {
			t.Errorf("%+v: notes %q, want %q", row.replay, notes, row.note)
		}
	}
}
