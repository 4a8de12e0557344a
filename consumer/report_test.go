package consumer

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"standpipe/internal/dynamofake"
	"standpipe/sink"
)

// rowSize is what DynamoDB bills an item by: names, texts in UTF-8, and up to 21 bytes a number.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func rowSize(row map[string]any) (size int) {
	for name, v := range row {
		size += len(name)
		if text, ok := v.(string); ok {
			size += len(text)
		} else {
			size += 21
		}
	}
	return size
}

// TestReportRidesOnTheHeartbeat: it costs no request and, within 1 KB, no write unit; others read it.
func TestReportRidesOnTheHeartbeat(t *testing.T) {
	for _, worker := range []string{"w", "ip-10-0-3-17.eu-west-1.compute.internal-9f2c11ab", strings.Repeat("x", 255)} {
		table, srv := newTable(t, dynamofake.Options{})
		var text func(room int) string
		c := New(Options{Worker: worker, Table: table, Failover: failover, Log: zerolog.Nop(), Report: func(room int) string { return text(room) }})
		if err := table.Join(t.Context(), worker, 1<<40); err != nil {
			t.Fatal(err)
		}
		if err := table.Leave(t.Context(), worker); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			text func(room int) string
			want func(room int) string
		}{
			{func(int) string { return "" }, func(int) string { return "" }},
			{func(room int) string { return strings.Repeat("é", room/2) }, func(room int) string { return strings.Repeat("é", room/2) }},
			{func(room int) string { return strings.Repeat("x", room+1) }, func(room int) string { return strings.Repeat("é", room/2) }}, // not taken
		} {
			text = step.text
			before := srv.Calls()
			if err := c.beat(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := srv.Calls() - before; n != 1 {
				t.Errorf("a heartbeat takes %d requests", n)
			}
			snap, err := table.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := snap.Workers[worker].Report; got != step.want(ReportRoom(worker)) {
				t.Errorf("%.20s: the report is %d bytes: %.40q", worker, len(got), got)
			}
		}
		for _, row := range srv.Dump("leases") {
			if n := rowSize(row); n > 1024 || n < 950 {
				t.Errorf("%.20s: the row takes %d bytes of 1024", worker, n)
			}
		}
	}
}

// TestReportThatIsNoneHurtsNobody: a row whose report is of another type is a heartbeat all the same.
func TestReportThatIsNoneHurtsNobody(t *testing.T) {
	s := Snapshot{Workers: map[string]Heartbeat{}}
	fault := s.add(row{keyAttr: str(workerKey + "a"), "entityType": str(workerKind), "beat": num(7), reportAttr: num(3), "later": str("x")})
	if fault != "" || s.Workers["a"].Beat != 7 || s.Workers["a"].Report != "" {
		t.Errorf("fault %q, %+v", fault, s.Workers)
	}
}

func TestViewOfAnApplication(t *testing.T) {
	table, _ := newTable(t, dynamofake.Options{})
	shards := shardsUpTo(4)
	shards[shardID(9)] = Shard{ID: shardID(9), Parents: []string{shardID(2)}}
	a := newMember(t, table, "a", shards)
	for _, l := range []Lease{{Shard: shardID(1), Owner: "b", Epoch: 1, Checkpoint: trimHorizon}, {Shard: shardID(7), Epoch: 1, Checkpoint: shardEnd}} {
		if err := table.Create(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	beat(t, table, "b", 0)
	if err := a.look(); err != nil {
		t.Fatal(err)
	}
	a.turn(shardID(0))
	v := a.c.View()
	if got := fmt.Sprint(v.Alive, v.Unowned, v.Waiting); got != fmt.Sprint(map[string]bool{"a": true, "b": true}, map[string]bool{shardID(2): true, shardID(3): true}, map[string]bool{shardID(9): true}) {
		t.Errorf("got %s", got)
	}
	v.Leases[shardID(0)] = Lease{} // a copy
	if a.c.View().Leases[shardID(0)].Owner != "a" {
		t.Error("whoever looks can change what the worker knows")
	}
}

func TestProgressCountsWhatWasDelivered(t *testing.T) {
	var p progress
	p.took("49", 3, 300)
	p.took("51", 2, 100)
	if at, records, bytes := p.status(); at != "51" || records != 5 || bytes != 400 {
		t.Errorf("at %s, %d records, %d bytes", at, records, bytes)
	}
	if c := New(Options{Worker: "w", Memory: sink.NewMemory(1), Log: zerolog.Nop()}); c.Totals().Records != 0 || c.report() != "" {
		t.Error("a consumer that never ran has done something")
	}
}

// What no Standpipe writes is not kept: hundreds of such rows would fill the memory of every worker.
func TestReportsThatAreTooLongAreLeftOut(t *testing.T) {
	for size, kept := range map[int]bool{longestReport: true, longestReport + 1: false, 399 << 10: false} {
		s := Snapshot{Workers: map[string]Heartbeat{}}
		fault := s.add(row{keyAttr: str(workerKey + "a"), "entityType": str(workerKind), "beat": num(7), reportAttr: str(strings.Repeat("x", size))})
		if got := s.Workers["a"]; fault != "" || got.Beat != 7 || (got.Report != "") != kept {
			t.Errorf("%d bytes: heartbeat %d with a report of %d, %s", size, got.Beat, len(got.Report), fault)
		}
	}
}
