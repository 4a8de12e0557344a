package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"
)

var (
	agents = []string{"HTTPie/2.1.0", "curl/8.5.0", "Mozilla\\/5.0 (X11; Linux x86_64)", "Mozilla\\/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)"}
	texts  = []string{"hihi", "Gr\u00fc\u00dfe", `caf\u00e9`, `tab\there`, `a \"quoted\" word`, "two  spaces", "\U0001f600"}
	prices = []string{"1.10", "10.50", "0.30", "1e3", "-0", "12345678901234567890", "2.50E-7"}
)

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

// click is a request as API Gateway's mapping template gives it: one line with escaped slashes, which must survive
// byte for byte.
func click(r *rand.Rand, id string, now time.Time) []byte {
	return fmt.Appendf(nil, `{"params": {"param1": "value%d","param2": "%s","path": "\/items\/%d"},"body": {"text":"%s","dodo":"dada","price":%s},`+
		`"stage": "dev","http_method": "POST","request_id": "%s","resource_path": "/","resource_id": "qycjw0slz9","request_time": "%s",`+
		`"source_ip": "54.239.%d.%d","user_agent": "%s"}`,
		r.IntN(1000), pick(r, texts), r.IntN(100_000), pick(r, texts), pick(r, prices), id, now.UTC().Format("02/Jan/2006:15:04:05 +0000"),
		r.IntN(256), r.IntN(256), pick(r, agents))
}

// prettyBody is the raw body that a browser sends: JSON over several lines.
func prettyBody(r *rand.Rand, id string) []byte {
	end := "\n"
	if r.IntN(4) == 0 {
		end = "\r\n"
	}
	body := fmt.Sprintf("{\n    \"Data\": \"Test\",\n    \"id\": \"%s\",\n    \"path\": \"\\/cart\\/%d\",\n    \"note\" : \"%s\",\n"+
		"    \"prices\": [ %s,\n\t%s ],\n    \"empty\": { }\n}", id, r.IntN(1000), pick(r, texts), pick(r, prices), pick(r, prices))
	return bytes.ReplaceAll([]byte(body), []byte("\n"), []byte(end))
}

// smallValue is a short value of any kind, as stand several together in one record.
func smallValue(r *rand.Rand, id string) []byte {
	switch r.IntN(4) {
	case 0:
		return fmt.Appendf(nil, `["%s", %s, null]`, id, pick(r, prices))
	case 1:
		return fmt.Appendf(nil, `"%s"`, id)
	case 2:
		return fmt.Appendf(nil, "{\"id\":\"%s\",\n \"n\": %s}", id, pick(r, prices))
	}
	return fmt.Appendf(nil, `{"id":"%s","text":"%s"}`, id, pick(r, texts))
}

var separators = []string{"", "\n", "\r\n", " ", "\n\n"}

// joined puts several values into one record.
func joined(r *rand.Rand, values [][]byte) []byte {
	data := bytes.Join(values, []byte(pick(r, separators)))
	if r.IntN(2) == 0 {
		data = append(data, '\n')
	}
	return data
}

// giant is a click of exactly size bytes, most of them in one string.
func giant(id string, size int) []byte {
	head := fmt.Sprintf(`{"request_id": "%s", "path": "\/upload", "body": "`, id)
	const tail = `"}`
	const pattern = `clicks upon clicks\/`
	fill := size - len(head) - len(tail)
	data := append([]byte(head), bytes.Repeat([]byte(pattern), fill/len(pattern))...)
	data = append(data, bytes.Repeat([]byte("."), fill%len(pattern))...)
	data = append(data, tail...)
	if !json.Valid(data) {
		panic("demo: giant is not JSON")
	}
	return data
}
