package transform

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"standpipe/internal/lambdafake"
)

// BenchmarkTransform is what a call costs on this side, the network left out: its request is written, and the response
// read that gives every record back.
func BenchmarkTransform(b *testing.B) {
	l := New("tidy", Options{Function: arn, BufferSize: 1 << 20})
	g := l.newGroup("shardId-000000000000")
	data, ids := strings.Repeat("x", 300), idMaker{}
	for i := 0; g.add(record(i, data), &ids); i++ {
	}
	response, err := lambdafake.Each(func(r lambdafake.Record) lambdafake.Result { return r.Ok(r.Data) })(g.payload(uuid.New()))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(g.data)
	b.ReportAllocs()
	for b.Loop() {
		again := l.newGroup(g.shard)
		ids := idMaker{}
		for i := range g.entries {
			again.add(g.entries[i].rec, &ids)
		}
		if len(again.payload(uuid.New())) != g.size {
			b.Fatal("another request")
		}
		a := &answer{step: l, response: response, attempts: 1}
		if out := a.apply(again); len(out) != len(g.entries) || out[0].Failure != nil {
			b.Fatalf("%d records", len(out))
		}
	}
}
