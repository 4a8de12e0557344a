package sample

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Everything has a column of each type that JSON can fill.
const Everything = `
	id bigint, ti tinyint, sm smallint, i int, f float, d double, n decimal(9,2), m decimal(18,4), o decimal(30,10),
	b boolean, s string, day date, at timestamp, tags array<string>, deep array<array<struct<x:int,y:map<string,string>>>>,
	counts map<string,bigint>, who struct<name:string,address:struct<city:string,zip:int>>, always string, never string`

// Record draws a record for [Everything]. Each key but id may be missing or null.
func Record(r *rand.Rand, i int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"id":%d`, i)
	add := func(key string, value func() string) {
		switch r.IntN(8) {
		case 0:
			return
		case 1:
			fmt.Fprintf(&b, `,%q:null`, key)
		default:
			fmt.Fprintf(&b, `,%q:%s`, key, value())
		}
	}
	integer := func(bits int) func() string {
		return func() string { return fmt.Sprint(int64(r.Uint64()) >> (64 - bits)) }
	}
	add("ti", integer(8))
	add("sm", integer(16))
	add("i", integer(32))
	add("f", func() string { return fmt.Sprint(float32(r.IntN(1<<24)) / 256) })
	add("d", func() string {
		return fmt.Sprint((r.Float64() - 0.5) * float64(pick(r, 1, 1000, 1<<40)) * pick(r, 1, 1e200))
	})
	add("n", func() string { return fmt.Sprintf(`"%d.%02d"`, r.IntN(2_000_000)-1_000_000, r.IntN(100)) })
	add("m", func() string { return fmt.Sprintf(`"%d.%04d"`, r.Int64N(1e13), r.IntN(10000)) })
	add("o", func() string { return fmt.Sprintf(`"-%d%05d.%010d"`, r.Int64N(1e14)+1, r.IntN(1e5), r.Int64N(1e10)) })
	add("b", func() string { return fmt.Sprint(r.IntN(2) == 0) })
	text := func() string {
		return pick(r, `""`, `"a"`, `"ä\n\"☃"`, `"`+strings.Repeat("long ", r.IntN(100))+`"`, fmt.Sprintf(`"n-%d"`, r.IntN(1000)))
	}
	add("s", text)
	add("day", func() string { return fmt.Sprintf(`"%04d-%02d-%02d"`, 1900+r.IntN(200), 1+r.IntN(12), 1+r.IntN(28)) })
	add("at", func() string {
		return fmt.Sprintf(`"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ"`, 1950+r.IntN(120), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000))
	})
	list := func(open, end string, most int, entry func(i int) string) string {
		var entries []string
		for i := range r.IntN(most + 1) {
			entries = append(entries, entry(i))
		}
		return open + strings.Join(entries, ",") + end
	}
	orNull := func(value func() string) string {
		if r.IntN(6) == 0 {
			return "null"
		}
		return value()
	}
	add("tags", func() string { return list("[", "]", 4, func(int) string { return orNull(text) }) })
	add("deep", func() string {
		return list("[", "]", 3, func(int) string {
			return orNull(func() string {
				return list("[", "]", 2, func(int) string {
					return orNull(func() string {
						return fmt.Sprintf(`{"x":%s,"y":%s}`, orNull(integer(20)), orNull(func() string {
							return list("{", "}", 2, func(i int) string { return fmt.Sprintf(`"k%d":%s`, i, orNull(text)) })
						}))
					})
				})
			})
		})
	})
	add("counts", func() string {
		return list("{", "}", 3, func(i int) string { return fmt.Sprintf(`"c%d":%s`, i, orNull(integer(40))) })
	})
	add("who", func() string {
		return fmt.Sprintf(`{"name":%s,"address":%s}`, orNull(text), orNull(func() string { return fmt.Sprintf(`{"city":%s,"zip":%d}`, orNull(text), r.IntN(99999)) }))
	})
	b.WriteString(`,"always":"here"}`)
	return b.Bytes()
}

// AccessLogs has the columns of [AccessLog].
const AccessLogs = `requestId string, ip string, user string, requestTime timestamp, httpMethod string, resourcePath string,
		status int, protocol string, responseLength bigint`

// AccessLog draws a record of some 240 bytes as an API writes it. Each is a little later than the one before.
func AccessLog(r *rand.Rand, i int) []byte {
	return fmt.Appendf(nil, `{"requestId": "%08x-%04x-%04x-%04x-%012x", "ip": "%d.%d.%d.%d", "user": "user-%d", "requestTime": %d, "httpMethod": "%s", `+
		`"resourcePath": "/random/%s", "status": %d, "protocol": "HTTP/1.1", "responseLength": %d}`,
		r.Uint32(), r.IntN(1<<16), r.IntN(1<<16), r.IntN(1<<16), r.Uint64()>>16, r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(5000),
		1675146135164+int64(i)*3, pick(r, "GET", "GET", "POST", "PUT"), pick(r, "strings", "numbers", "items", "users"), pick(r, 200, 200, 204, 404, 500), r.IntN(3000))
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }
