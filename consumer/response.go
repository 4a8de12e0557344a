package consumer

import (
	"strings"
	"time"
)

// response is what one GetRecords call answered
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html). It may be reused for the next answer,
// which then allocates next to nothing.
type response struct {
	Records      []kinesisRecord
	Next         string   // the next shard iterator; empty at the shard's end
	HasNext      bool     // whether there is one
	MillisBehind int64    // 0 where the answer does not say
	Children     []string // ids of the child shards, named at the shard's end only

	spans []recordSpans // scratch: where in the body the strings of each record are
	body  []byte        // what all this was read from, where recycle may have it
}

// kinesisRecord is one record of a stream. All strings of one answer share one allocation, so who keeps a few of them
// for long should keep clones.
type kinesisRecord struct {
	Data         []byte // part of the answer's body
	PartitionKey string // empty where the answer has none, as for streams with automatic record distribution
	Sequence     string
	Arrival      time.Time // zero where the answer has none
}

// recordSpans are the parts of the body that hold a record's strings, without quotes.
type recordSpans struct{ data, sequence, key span }

type span struct{ start, end int }

// reset makes room for another answer.
func (r *response) reset() {
	clear(r.Records) // they would keep the body before alive
	clear(r.Children)
	*r = response{Records: r.Records[:0], Children: r.Children[:0], spans: r.spans[:0], body: r.body}
}

// add takes a record, or says what is wrong with it. A record costs more memory than an empty one costs bytes on the
// network, so both are looked at here and not when all have been taken.
func (r *response) add(rec kinesisRecord, at recordSpans) (fault string) {
	switch {
	case rec.Sequence == "" && at.sequence.start == at.sequence.end:
		return "no SequenceNumber in a record"
	case len(r.Records) == mostRecords:
		return "far more records than were asked for"
	}
	r.Records, r.spans = append(r.Records, rec), append(r.spans, at)
	return ""
}

// share gives the records their strings, from where the spans say that they are in the body.
func (r *response) share(body []byte) {
	length := 0
	for i := range r.spans {
		s := &r.spans[i]
		length += s.sequence.end - s.sequence.start + s.key.end - s.key.start
	}
	var text strings.Builder
	text.Grow(length)
	for i := range r.spans {
		s := &r.spans[i]
		text.Write(body[s.sequence.start:s.sequence.end])
		text.Write(body[s.key.start:s.key.end])
	}
	shared := text.String()
	for i := range r.Records {
		rec, s := &r.Records[i], &r.spans[i]
		if n := s.sequence.end - s.sequence.start; n > 0 {
			rec.Sequence, shared = shared[:n], shared[n:]
		}
		if n := s.key.end - s.key.start; n > 0 {
			rec.PartitionKey, shared = shared[:n], shared[n:]
		}
	}
}
