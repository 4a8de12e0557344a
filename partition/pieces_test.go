package partition

import (
	"reflect"
	"testing"
)

func TestPieces(t *testing.T) {
	for expr, want := range map[string][]Piece{
		"": {{Field: 'y', Width: 4}, {Text: "/"}, {Field: 'M', Width: 2}, {Text: "/"}, {Field: 'd', Width: 2}, {Text: "/"}, {Field: 'H', Width: 2}, {Text: "/"}},
		"a/d=!{timestamp:yyyy'T'mm}/!{firehose:random-string}/": {{Text: "a/d="}, {Field: 'y', Width: 4}, {Text: "T"}, {Field: 'm', Width: 2}, {Text: "/"}, {Random: true}, {Text: "/"}},
		"!{timestamp:uuuu'y'LL pppMMM}":                         {{Field: 'u', Width: 4}, {Text: "y"}, {Field: 'M', Width: 2}, {Text: " "}, {Field: 'M', Width: 3, Padded: true}},
		"!{partitionKeyFromQuery:k}/":                           {{Key: &Key{Query, "k"}}, {Text: "/"}},
	} {
		p, err := Parse(expr, Data, WithKeys())
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Pieces(); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, want %+v", expr, got, want)
		}
	}
}
