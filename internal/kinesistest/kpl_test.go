package kinesistest

import (
	"bytes"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/awslabs/kinesis-aggregation/go/v2/deaggregator"
	"github.com/awslabs/kinesis-aggregation/go/v2/records"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
)

var sample = []UserRecord{
	{PartitionKey: "a", Data: []byte("one")},
	{PartitionKey: "b", ExplicitHashKey: "170141183460469231731687303715884105728", Data: []byte("two")},
	{PartitionKey: "a", Data: nil},
}

func deaggregate(t *testing.T, data []byte) ([]types.Record, error) {
	t.Helper()
	return deaggregator.DeaggregateRecords([]types.Record{{Data: data, PartitionKey: aws.String("outer")}})
}

func TestAWSLibraryReadsOurAggregates(t *testing.T) {
	got, err := deaggregate(t, Aggregate(sample...))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(sample) {
		t.Fatalf("%d records, want %d", len(got), len(sample))
	}
	for i, r := range got {
		if *r.PartitionKey != sample[i].PartitionKey || !bytes.Equal(r.Data, sample[i].Data) {
			t.Errorf("record %d is %q %q", i, *r.PartitionKey, r.Data)
		}
	}
	if got, err := deaggregate(t, Empty("k")); err != nil || len(got) != 0 {
		t.Errorf("an aggregate without records gives %d records, %v", len(got), err)
	}
	if got, err := deaggregate(t, Aggregate()); err != nil || len(got) != 1 || !bytes.Equal(got[0].Data, Aggregate()) {
		t.Errorf("a frame around nothing gives %d records, %v; want the record itself", len(got), err)
	}
	inner, err := deaggregate(t, Nested(1, "k", sample...))
	if err != nil || len(inner) != 1 || !bytes.Equal(inner[0].Data, Aggregate(sample...)) {
		t.Errorf("an aggregate in an aggregate gives %d records, %v", len(inner), err)
	}
}

func TestExplicitHashKeysAreInTheTable(t *testing.T) {
	var m records.AggregatedRecord
	b := Aggregate(sample...)
	if err := proto.Unmarshal(b[4:len(b)-16], protoadapt.MessageV2Of(&m)); err != nil {
		t.Fatal(err)
	}
	if len(m.PartitionKeyTable) != 2 || len(m.ExplicitHashKeyTable) != 1 {
		t.Fatalf("tables %q %q", m.PartitionKeyTable, m.ExplicitHashKeyTable)
	}
	if r := m.Records[1]; r.GetExplicitHashKeyIndex() != 0 || r.ExplicitHashKeyIndex == nil || m.ExplicitHashKeyTable[0] != sample[1].ExplicitHashKey {
		t.Errorf("record 1 is %v", r)
	}
	if m.Records[0].ExplicitHashKeyIndex != nil {
		t.Error("record 0 has an explicit hash key")
	}
}

func TestBrokenAggregatesAreBrokenAsNamed(t *testing.T) {
	bad := BadMD5(sample...)
	if got, err := deaggregate(t, bad); err != nil || len(got) != 1 || !bytes.Equal(got[0].Data, bad) {
		t.Errorf("bad MD5 gives %d records, %v; want the record itself", len(got), err)
	}
	for name, data := range map[string][]byte{"undecodable": Undecodable(), "without data": WithoutData("k")} {
		if _, err := deaggregate(t, data); err == nil {
			t.Errorf("%s: decoded without error", name)
		}
	}
	decode := func(data []byte) *records.AggregatedRecord {
		var m records.AggregatedRecord
		if err := proto.Unmarshal(data[4:len(data)-16], protoadapt.MessageV2Of(&m)); err != nil {
			t.Fatal(err)
		}
		return &m
	}
	m := decode(KeyIndexOutOfRange(sample...))
	if last := m.Records[len(m.Records)-1]; last.GetPartitionKeyIndex() < uint64(len(m.PartitionKeyTable)) {
		t.Errorf("key index %d lies in a table of %d", last.GetPartitionKeyIndex(), len(m.PartitionKeyTable))
	}
	m = decode(HashIndexOutOfRange(sample[0], sample[1:]...))
	last := m.Records[len(m.Records)-1]
	if last.GetExplicitHashKeyIndex() < uint64(len(m.ExplicitHashKeyTable)) || last.GetPartitionKeyIndex() >= uint64(len(m.PartitionKeyTable)) {
		t.Errorf("hash index %d, table of %d", last.GetExplicitHashKeyIndex(), len(m.ExplicitHashKeyTable))
	}
}
