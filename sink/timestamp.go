package sink

import (
	"time"

	"standpipe/sink/eventtime"
)

// eventTimeCode is the error code of a record without a usable time. Firehose, which knows no event times, has none for it.
const eventTimeCode = "Standpipe.EventTime"

// filed gives the time that an output files a record under, or says why it has none.
func (r *Reading) filed(i int, rec *Record, s *Sink) (time.Time, *Failure) {
	out := s.data[i]
	if out.Timestamp == nil {
		return rec.Arrival, nil
	}
	found := out.Timestamp.Find(rec.Data, rec.Arrival)
	switch {
	case found.Reason == eventtime.Usable:
		return found.Time, nil
	case found.Reason == eventtime.NotJSON && (out.Validate || out.Parquet != nil):
		return rec.Arrival, nil // it is refused for that, once, by who reads it whole
	}
	s.metrics.untimed.WithLabelValues(out.Name, string(found.Reason)).Inc()
	if !out.RejectUntimed {
		return rec.Arrival, nil
	}
	return time.Time{}, &Failure{Type: "processing-failed", Code: eventTimeCode, Message: found.Message(), Output: out.Name}
}
