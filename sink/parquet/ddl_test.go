package parquet

import (
	"slices"
	"strings"
	"testing"
)

func TestParseColumns(t *testing.T) {
	for _, c := range []struct {
		text string
		want []Column
	}{
		{"id bigint", []Column{{Name: "id", Type: "bigint"}}},
		{"  id\tbigint ,\n\n name string,\n", []Column{{Name: "id", Type: "bigint"}, {Name: "name", Type: "string"}}},
		{"`at` timestamp FROM requestTime COMMENT 'in UTC, always', n decimal(9, 2)", []Column{{Name: "at", Type: "timestamp", Key: "requestTime"}, {Name: "n", Type: "decimal(9, 2)"}}},
		{"u struct<from:string, b:array<int>> from 'a, b', `from` string comment \"x\" from user", []Column{{Name: "u", Type: "struct<from:string, b:array<int>>", Key: "a, b"}, {Name: "from", Type: "string", Key: "user"}}},
		{"d double precision", []Column{{Name: "d", Type: "double precision"}}},
		{"", nil},
	} {
		got, err := ParseColumns(c.text)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %+v, %v", c.text, got, err)
		}
	}
}

func TestBrokenColumns(t *testing.T) {
	for text, want := range map[string]string{
		"id":                      "column id: has no type; write name and type, such as id bigint",
		"id int, , b int":         "column 2: no name stands between two commas",
		"id int from":             "column id: nothing follows FROM",
		"id int comment":          "column id: nothing follows COMMENT",
		"id int from a from b":    "column id: has two keys",
		"id int from a not null":  `column id: unexpected "not null" behind its definition`,
		"id from a, `b":           "column id: has no type",
		"a int from \"x\" \"y\",": "unexpected",
	} {
		_, err := ParseColumns(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzParseColumns(f *testing.F) {
	f.Add("id bigint, `at` timestamp FROM requestTime COMMENT 'x'")
	f.Fuzz(func(t *testing.T, text string) {
		columns, err := ParseColumns(text)
		if err == nil {
			_, _ = ParseSchema(columns, Options{})
		}
	})
}
