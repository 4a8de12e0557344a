package main

import (
	"bytes"
	"crypto/md5" //nolint:gosec // the KPL's checksum
	"fmt"
	"math/rand/v2"

	"google.golang.org/protobuf/encoding/protowire"
)

// generator makes lines of an API Gateway access log (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html),
// always the same ones.
type generator struct {
	rng  *rand.Rand
	size int
	n    int64

	users int // different ones
}

func newGenerator(size int) *generator {
	return &generator{rng: rand.New(rand.NewPCG(1, 2)), size: size, users: 5000}
}

var (
	methods = []string{"GET", "GET", "POST", "PUT"}
	paths   = []string{"strings", "numbers", "items", "users"}
	states  = []string{"200", "200", "204", "404", "500"}
	words   = []string{"click", "view", "cart", "order", "search", "filter", "login", "image", "button", "banner", "item", "price"}
)

// record makes the next record, of about the generator's size.
func (g *generator) record() []byte {
	r := g.rng
	g.n++
	if g.size <= 120 {
		return fmt.Appendf(nil, `{"requestId":"%08x","user":"user-%d","requestTime":%d,"status":%s,"responseLength":%d}`,
			r.Uint32(), r.IntN(g.users), 1675146135164+g.n*3, states[r.IntN(len(states))], r.IntN(3000))
	}
	b := fmt.Appendf(nil, `{"requestId": "%08x-%04x-%04x-%04x-%012x", "ip": "%d.%d.%d.%d", "user": "user-%d", "requestTime": %d, "httpMethod": "%s", "resourcePath": "/random/%s`,
		r.Uint32(), r.IntN(1<<16), r.IntN(1<<16), r.IntN(1<<16), r.Uint64()>>16, r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(g.users),
		1675146135164+g.n*3, methods[r.IntN(len(methods))], paths[r.IntN(len(paths))])
	for len(b) < g.size-70 {
		b = fmt.Appendf(b, "/%s-%d", words[r.IntN(len(words))], r.IntN(1000))
	}
	return fmt.Appendf(b, `", "status": %s, "protocol": "HTTP/1.1", "responseLength": %d}`, states[r.IntN(len(states))], r.IntN(3000))
}

// aggregated makes a KPL aggregate of about 25 KB.
// https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
func (g *generator) aggregated() (aggregate []byte, records int, size int64) {
	message := protowire.AppendTag(nil, 1, protowire.BytesType)
	message = protowire.AppendString(message, "a")
	for len(message) < 25_000 {
		data := g.record()
		var rec []byte
		rec = protowire.AppendTag(rec, 1, protowire.VarintType)
		rec = protowire.AppendVarint(rec, 0)
		rec = protowire.AppendTag(rec, 3, protowire.BytesType)
		rec = protowire.AppendBytes(rec, data)
		message = protowire.AppendTag(message, 3, protowire.BytesType)
		message = protowire.AppendBytes(message, rec)
		records++
		size += int64(len(data))
	}
	sum := md5.Sum(message) //nolint:gosec
	return bytes.Join([][]byte{{0xf3, 0x89, 0x9a, 0xc2}, message, sum[:]}, nil), records, size
}
