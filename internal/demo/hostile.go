package demo

import (
	"bytes"
	"fmt"
	"math/rand/v2"
)

type hostileKind struct {
	name      string
	anonymous bool
	data      func(r *rand.Rand, id string) []byte
}

// hostileToColumns are those, and what is JSON that fits no columns.
var hostileToColumns = append([]hostileKind{{"does not fit", false, unfit}}, hostile...)

func (s *source) hostiles() []hostileKind {
	if s.access {
		return hostileToColumns
	}
	return hostile
}

// hostile are the records that no line can be made of. Each carries the id, except those that have no room for one.
var hostile = []hostileKind{
	{"empty", true, func(*rand.Rand, string) []byte { return []byte{} }},
	{"white space", true, func(*rand.Rand, string) []byte { return []byte(" \r\n\t\n") }},
	{"not JSON", false, func(_ *rand.Rand, id string) []byte { return []byte("GET /healthz?id=" + id + " HTTP/1.1\r\n\r\n") }},
	{"truncated JSON", false, func(r *rand.Rand, id string) []byte {
		whole := fmt.Sprintf(`{"request_id": "%s", "body": {"text": "hihi", "dodo": [1, 2, 3]}}`, id)
		return []byte(whole[:len(whole)-1-r.IntN(20)])
	}},
	{"bad UTF-8", false, func(_ *rand.Rand, id string) []byte {
		return []byte(`{"request_id": "` + id + "\", \"text\": \"\xff\xfe\xc3\x28\"}")
	}},
	{"broken after a value", false, func(_ *rand.Rand, id string) []byte { return []byte(`{"id":"` + id + `"}{"id":}`) }},
	{"control character", false, func(_ *rand.Rand, id string) []byte { return []byte("{\"id\":\"" + id + "\",\"text\":\"\x00\"}") }},
	{"KPL magic", false, func(r *rand.Rand, id string) []byte {
		data := []byte(kplMagic + id)
		for range 8 + r.IntN(64) {
			data = append(data, byte(r.Uint32()))
		}
		return data
	}},
	{"KPL aggregate with a wrong MD5", false, func(_ *rand.Rand, id string) []byte {
		data := aggregate("key", [][]byte{[]byte(`{"id":"` + id + `"}`)})
		data[len(data)-1] ^= 0xff
		return data
	}},
	{"KPL aggregate that is no message", false, func(_ *rand.Rand, id string) []byte {
		return seal([]byte("\x1a\xff\xff\x7f" + id)) // a record longer than all there is
	}},
}

// rubbish is what is no JSON from its first byte on, of exactly size bytes.
func rubbish(id string, size int) []byte {
	data := append([]byte("--"+id+"\r\n"), bytes.Repeat([]byte("\xde\xad\xbe\xef<>"), size/6)...)
	return append(data, bytes.Repeat([]byte{'-'}, size)...)[:size]
}
