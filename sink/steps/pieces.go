package steps

import (
	"bytes"

	"standpipe/sink"
)

// changed gives what a step made of a record: its error records go on showing what came.
func changed(rec sink.Record, data []byte) sink.Record {
	if rec.Raw == nil {
		if rec.Raw = rec.Data; rec.Raw == nil { // an empty record, which is not what this makes of it
			rec.Raw = []byte{}
		}
	}
	rec.Data = data
	return rec
}

// piece gives one of several records that a step made of one: its error records show it alone, since the others are
// delivered without it.
func piece(rec sink.Record, step string, data []byte) sink.Record {
	rec.Data, rec.Raw, rec.RawAfter = data, data, step
	return rec
}

// refused gives a record that a step can not take.
func refused(rec sink.Record, step, kind, code, message string) sink.Record {
	rec.Failure = &sink.Failure{Type: kind, Code: code, Message: message, Step: step}
	return rec
}

// blank says whether text holds nothing but white space.
func blank(text []byte) bool { return len(bytes.TrimLeft(text, " \t\r\n")) == 0 }
