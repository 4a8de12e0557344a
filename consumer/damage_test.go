package consumer

import (
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/sink"
)

func sampleItem() sink.Item {
	return sink.Item{ID: "0b6e", Owner: "w-1", State: sink.Committed,
		Spans:   []sink.Span{{Shard: "shardId-000000000000", Epoch: 3, After: "100", Through: "200", Time: time.UnixMilli(5)}, {Shard: "shardId-000000000001", Epoch: 1, After: trimHorizon, Through: shardEnd}},
		Journal: &sink.Upload{Bucket: "lake", Key: "_standpipe/j.ndjson", ID: "upload", Parts: []sink.Part{{Number: 1, ETag: `"e"`, CRC32: "AAAAAA==", Size: 7}}}}
}

// sampleRows are a row of each kind with every attribute that is ever read, and what reading one gives.
func sampleRows() map[string]row {
	lease := leaseRow(Lease{Shard: "shardId-000000000000", Owner: "w-1", Epoch: 3, Counter: 7, Checkpoint: "100", Parents: []string{"shardId-000000000009"}})
	maps.Copy(lease, row{"pendingBatch": str("0b6e"), "pendingCheckpoint": str("200"), "checkpointTime": num(5), "idleCheckpoint": str("100"), "idleTime": num(6)})
	foreign := row{keyAttr: str("shardId-000000000000"), "leaseOwner": str("java"), "leaseCounter": num(41), "checkpoint": str("100"), "checkpointSubSequenceNumber": num(2)}
	return map[string]row{
		"lease": lease, "foreign": foreign, "item": itemRow(sampleItem()),
		"application": applicationRow(Application{Stream: "clicks", Created: time.Unix(1, 0), Start: trimHorizon, LastShard: "shardId-000000000000"}),
		"replay": applicationRow(Application{Stream: "clicks", Created: time.Unix(1, 0), Start: trimHorizon, LastShard: "shardId-000000000000",
			Replay: "from then to now", Until: time.UnixMilli(8)}),
		"worker": {keyAttr: str(workerKey + "w-1"), "entityType": str(workerKind), "beat": num(4), "maxLeases": num(9)},
	}
}

// readRow reads a row as the program does, and says what it found.
func readRow(r row) (found any, fault string) {
	if kind(r) == batchKind {
		it, fault := toItem(r)
		if fault != "" {
			return nil, fault
		}
		return *it, ""
	}
	s := Snapshot{Leases: map[string]Lease{}, Workers: map[string]Heartbeat{}}
	fault = s.add(r)
	if fault != "" && len(s.Leases)+len(s.Workers) > 0 || fault != "" && s.Application != nil {
		panic("a damaged row was taken: " + fault)
	}
	switch {
	case len(s.Leases) == 1:
		return s.Leases[getStr(r, keyAttr)], fault
	case len(s.Workers) == 1:
		return s.Workers["w-1"], fault
	case s.Application != nil:
		return *s.Application, fault
	}
	return nil, fault
}

// Each attribute of each kind of row in turn is taken away or made something else.
func TestDamageOfEachAttribute(t *testing.T) {
	mayMiss := map[string]bool{ // without it the row is another good one
		"lease leaseOwner": true, "lease leaseCounter": true, "lease parentShardId": true, "lease pendingBatch": true, "lease entityType": true,
		"lease checkpointTime": true, "lease idleCheckpoint": true, "lease idleTime": true,
		"foreign leaseOwner": true, "foreign leaseCounter": true, "foreign checkpointSubSequenceNumber": true,
		"worker entityType": true, "worker maxLeases": true, "worker beat": true,
		"application entityType": true, "replay entityType": true,
	}
	values := map[string]types.AttributeValue{
		"a number": num(7), "minus one": num(-1), "a fraction": &types.AttributeValueMemberN{Value: "1.5"}, "too large": &types.AttributeValueMemberN{Value: "1e30"},
		"a string": str("no checkpoint"), "a long one": str(strings.Repeat("9", 200)), "nothing in it": str(""), "controls": str("\x00\n\x1b"),
		"binary": &types.AttributeValueMemberB{Value: []byte("7")}, "null": &types.AttributeValueMemberNULL{Value: true}, "true": &types.AttributeValueMemberBOOL{Value: true},
		"a list": &types.AttributeValueMemberL{}, "a map": &types.AttributeValueMemberM{}, "numbers": &types.AttributeValueMemberNS{Value: []string{"1"}},
	}
	for name, good := range sampleRows() {
		if _, fault := readRow(good); fault != "" {
			t.Fatalf("the good %s: %s", name, fault)
		}
		for attr, was := range good {
			if attr == keyAttr {
				continue // a row under another key is another row
			}
			without := maps.Clone(good)
			delete(without, attr)
			if _, fault := readRow(without); (fault == "") != mayMiss[name+" "+attr] {
				t.Errorf("%s without %s: fault %q", name, attr, fault)
			}
			for what, v := range values {
				damaged := maps.Clone(good)
				damaged[attr] = v
				found, fault := readRow(damaged)
				switch {
				case reflect.TypeOf(v) != reflect.TypeOf(was):
					if fault == "" && name+" "+attr != "worker entityType" && name+" "+attr != "application entityType" && name+" "+attr != "replay entityType" {
						t.Errorf("%s with %s in %s is read as %+v", name, what, attr, found)
					}
				case name == "item" && attr != "batchOwner":
					if fault == "" {
						t.Errorf("%s with %s in %s is read as %+v", name, what, attr, found)
					}
				}
				if fault != "" && !strings.Contains(fault, attr) && !strings.Contains(fault, "leaseEpoch") && attr != "version" {
					t.Errorf("%s with %s in %s: the fault names another attribute: %s", name, what, attr, fault)
				}
				if l, ok := found.(Lease); ok && fault == "" && (!isCheckpoint(l.Checkpoint) || l.Pending != "" && !isCheckpoint(l.PendingTo)) {
					t.Errorf("%s with %s in %s leads to %+v", name, what, attr, l)
				}
			}
		}
	}
}

// A batch item moves checkpoints: one of its digits that has changed must not.
func TestDamageOfOneByteOfAnItem(t *testing.T) {
	good := itemRow(sampleItem())
	body := getStr(good, "batch")
	for i := range len(body) {
		damaged := maps.Clone(good)
		b := []byte(body)
		b[i] ^= 1
		damaged["batch"] = str(string(b))
		if it, fault := toItem(damaged); fault == "" {
			t.Fatalf("with %s it is read as %+v", b, it)
		}
	}
	other := maps.Clone(good)
	other[keyAttr] = str(batchKey + "0b6f")
	if it, fault := toItem(other); fault == "" {
		t.Errorf("another batch's item is read as %+v", it)
	}
}

func TestDamageIsSaidWithTableKeyAndAdvice(t *testing.T) {
	for key, want := range map[string]string{
		"shardId-000000000000": "read row shardId-000000000000 of table leases: checkpoint is a number, not a string: its shard is not read until that is mended (see \"Damaged rows\" in docs/security.md)",
		batchKey + "b":         "read row standpipe#batch#b of table leases: checkpoint is a number, not a string: its batch waits until that is mended (see \"Damaged rows\" in docs/security.md)",
		applicationKey:         "read row standpipe#application of table leases: checkpoint is a number, not a string: no worker starts until that is mended (see \"Damaged rows\" in docs/security.md)",
		workerKey + "w":        "read row standpipe#worker#w of table leases: checkpoint is a number, not a string: delete the row: its worker, if it lives, writes another (see \"Damaged rows\" in docs/security.md)",
	} {
		a := attributes{row: row{"checkpoint": num(4)}}
		a.checkpoint("checkpoint")
		if got := (&DamagedError{"leases", key, a.fault}).Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// FuzzRows puts anything into one attribute of a row: it is refused, or what is read is usable.
func FuzzRows(f *testing.F) {
	kinds := []string{"lease", "foreign", "item", "application", "worker"}
	f.Add(0, "checkpoint", "S", "AT_TIMESTAMP@2026-01-31T12:00:00Z")
	f.Add(0, "leaseEpoch", "N", "9223372036854775808")
	f.Add(1, "checkpointSubSequenceNumber", "N", "1e3")
	f.Add(2, "batch", "S", `{"spans":[{"shard":"a","epoch":1,"from":"1","to":"SHARD_END"}]}`)
	f.Add(2, "batchSum", "S", "00000000")
	f.Add(3, "streamCreated", "S", "0000-01-01T00:00:00Z")
	f.Add(4, "beat", "N", "-0")
	f.Add(0, "parentShardId", "SS", "shardId-000000000001")
	f.Fuzz(func(t *testing.T, of int, attr, kindOf, value string) {
		name := kinds[uint(of)%uint(len(kinds))]
		r := sampleRows()[name]
		if attr == keyAttr {
			return
		}
		switch kindOf {
		case "S":
			r[attr] = str(value)
		case "N":
			r[attr] = &types.AttributeValueMemberN{Value: value}
		case "SS":
			r[attr] = &types.AttributeValueMemberSS{Value: []string{value}}
		case "":
			delete(r, attr)
		default:
			r[attr] = &types.AttributeValueMemberB{Value: []byte(value)}
		}
		found, fault := readRow(r)
		if fault != "" {
			return
		}
		switch v := found.(type) {
		case Lease:
			if !isCheckpoint(v.Checkpoint) || v.Epoch < 0 || v.Within < 0 || v.Pending != "" && (!isCheckpoint(v.PendingTo) || v.Epoch == 0) {
				t.Fatalf("%s %s = %q leads to %+v", name, attr, value, v)
			}
		case sink.Item:
			want := sampleItem()
			want.Owner, want.State = v.Owner, v.State
			if !reflect.DeepEqual(v, want) || v.State != sink.Committed && v.State != sink.Undoing {
				t.Fatalf("%s = %q leads to %+v", attr, value, v)
			}
		case Application:
			if !isCheckpoint(v.Start) || v.Stream == "" {
				t.Fatalf("%s = %q leads to %+v", attr, value, v)
			}
		case Heartbeat, nil: // nil: a row of somebody else's kind
		default:
			t.Fatalf("read as %T", v)
		}
	})
}
