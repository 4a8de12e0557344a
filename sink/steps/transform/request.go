package transform

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"standpipe/sink"
)

// maxPayload is what AWS Lambda takes of a request in bytes.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const maxPayload = 6 << 20

// tooLarge is the error code of a record that no request can hold.
const tooLarge = "Standpipe.LambdaPayloadTooLarge"

// group is the records of one request, in their order. Those that are not sent stand between the others.
type group struct {
	step    *Lambda
	shard   string
	entries []entry
	at      map[string]int // the entries by their ids
	sent    int
	data    int64 // bytes of the records sent
	size    int   // of the request in bytes
	scratch []byte
}

// entry is a record of a group. Its id is that in the request, "" where it is not sent.
type entry struct {
	rec sink.Record
	id  string
}

func (l *Lambda) newGroup(shard string) *group {
	g := &group{step: l, shard: shard, at: map[string]int{}}
	g.size = len(g.appendHead(nil, uuid.Nil)) + len("]}")
	return g
}

// add takes a record, or says that it must go into the next group.
func (g *group) add(rec sink.Record, ids *idMaker) bool {
	if rec.Failure != nil {
		g.entries = append(g.entries, entry{rec: rec})
		return true
	}
	id := ids.of(&rec)
	if _, taken := g.at[id]; taken { // redriven records may come in any order
		id += "-" + strconv.Itoa(len(g.entries))
	}
	bare := rec
	bare.Data = nil
	g.scratch = g.appendRecord(g.scratch[:0], &bare, id)
	size := len(g.scratch) + base64.StdEncoding.EncodedLen(len(rec.Data))
	if g.sent > 0 {
		size += len(",")
		if g.data+int64(len(rec.Data)) > g.step.opts.BufferSize || g.size+size > maxPayload {
			ids.back()
			return false
		}
	} else if g.size+size > maxPayload {
		rec.Failure = g.step.fail(tooLarge, fmt.Sprintf("The record of %d bytes makes a request of %d bytes, AWS Lambda takes %d.", len(rec.Data), g.size+size, maxPayload), 0)
		g.entries = append(g.entries, entry{rec: rec})
		return true
	}
	g.at[id] = len(g.entries)
	g.entries = append(g.entries, entry{rec, id})
	g.sent++
	g.data += int64(len(rec.Data))
	g.size += size
	return true
}

// all gives the records of a group of which none is sent.
func (g *group) all() []sink.Record {
	list := make([]sink.Record, len(g.entries))
	for i := range g.entries {
		list[i] = g.entries[i].rec
	}
	return list
}

// payload is the request. Every attempt has an id of its own, and the same records.
func (g *group) payload(invocation uuid.UUID) []byte {
	dst := g.appendHead(make([]byte, 0, g.size), invocation)
	comma := false
	for i := range g.entries {
		if e := &g.entries[i]; e.id != "" {
			if comma {
				dst = append(dst, ',')
			}
			dst, comma = g.appendRecord(dst, &e.rec, e.id), true
		}
	}
	return append(dst, "]}"...)
}

// appendHead begins a request, with the members that Firehose's requests have, in their order.
func (g *group) appendHead(dst []byte, invocation uuid.UUID) []byte {
	link := &g.step.link
	dst = append(append(dst, `{"invocationId":"`...), invocation.String()...)
	dst = appendJSON(append(dst, `","sourceKinesisStreamArn":`...), link.StreamARN)
	dst = appendJSON(append(dst, `,"deliveryStreamArn":`...), link.DeliveryStreamARN)
	dst = appendJSON(append(dst, `,"region":`...), link.Region)
	return append(dst, `,"records":[`...)
}

// appendRecord adds a record to a request, as Firehose writes one that comes from a Kinesis stream.
func (g *group) appendRecord(dst []byte, rec *sink.Record, id string) []byte {
	arrival := rec.Arrival.UnixMilli()
	dst = appendJSON(append(dst, `{"recordId":`...), id)
	dst = strconv.AppendInt(append(dst, `,"approximateArrivalTimestamp":`...), arrival, 10)
	dst = base64.StdEncoding.AppendEncode(append(dst, `,"data":"`...), rec.Data)
	dst = appendJSON(append(dst, `","kinesisRecordMetadata":{"sequenceNumber":`...), rec.Sequence)
	dst = strconv.AppendInt(append(dst, `,"subsequenceNumber":`...), int64(rec.SubSequence), 10)
	dst = appendJSON(append(dst, `,"partitionKey":`...), rec.PartitionKey)
	dst = appendJSON(append(dst, `,"shardId":`...), g.shard)
	dst = strconv.AppendInt(append(dst, `,"approximateArrivalTimestamp":`...), arrival, 10)
	return append(dst, "}}"...)
}

// idMaker gives the records of a shard their ids: sequence number and sub-sequence number in six digits, as Firehose's are
// made up, and behind that the place among the records that steps before made of one. They are the same whenever the
// records are read.
type idMaker struct {
	sequence string
	sub      int
	part     int // of the next record, if it is made of the same one as the last
	text     []byte
}

func (m *idMaker) of(rec *sink.Record) string {
	if rec.Sequence != m.sequence || rec.SubSequence != m.sub {
		m.sequence, m.sub, m.part = rec.Sequence, rec.SubSequence, 0
	}
	m.text = append(m.text[:0], rec.Sequence...)
	sub := strconv.Itoa(rec.SubSequence)
	m.text = append(append(m.text, "000000"[min(len(sub), 6):]...), sub...)
	if m.part > 0 {
		m.text = strconv.AppendInt(append(m.text, '.'), int64(m.part), 10)
	}
	m.part++
	return string(m.text)
}

// back takes the last id back.
func (m *idMaker) back() { m.part-- }

// appendJSON adds a string; most are plain and need no escapes.
func appendJSON(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			b, _ := json.Marshal(s) // a string always encodes
			return append(dst, b...)
		}
	}
	return append(append(append(dst, '"'), s...), '"')
}
