package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// AccessSchema is the columns of an access log, as an output of format parquet has them in its configuration. It is that
// of examples/metering.
const AccessSchema = `requestId string, ip string, user string, requestTime timestamp, httpMethod string, resourcePath string,
  status string, protocol string, responseLength int`

const (
	usersMetered = 40
	hoursMetered = 6 // before now, in which the calls were made
)

// call is a line of the access log of an API Gateway.
type call struct {
	RequestID      string `json:"requestId"`
	IP             string `json:"ip"`
	User           string `json:"user"`
	RequestTime    int64  `json:"requestTime"` // in milliseconds
	HTTPMethod     string `json:"httpMethod"`
	ResourcePath   string `json:"resourcePath"`
	Status         string `json:"status"`
	Protocol       string `json:"protocol"`
	ResponseLength int32  `json:"responseLength"`
}

// metered is what calls are counted by.
type metered struct {
	user string
	hour int64 // in milliseconds
}

var (
	methods  = []string{"GET", "GET", "GET", "POST", "PUT", "DELETE"}
	statuses = []string{"200", "200", "200", "200", "201", "204", "400", "403", "404", "429", "500"}
)

func newCall(r *rand.Rand, id string, now time.Time) call {
	user := fmt.Sprintf("user-%02d", min(r.IntN(usersMetered), r.IntN(usersMetered))) // some call more than others
	if r.IntN(20) == 0 {
		user = "-"
	}
	return call{
		RequestID: id, IP: fmt.Sprintf("54.239.%d.%d", r.IntN(256), r.IntN(256)), User: user,
		RequestTime: now.Add(-time.Duration(r.Int64N(int64(hoursMetered * time.Hour)))).UnixMilli(),
		HTTPMethod:  pick(r, methods), ResourcePath: fmt.Sprintf("/items/%d/%s", r.IntN(100_000), pick(r, []string{"price", "stock", "größe", `a"quote`})),
		Status: pick(r, statuses), Protocol: "HTTP/1.1", ResponseLength: r.Int32N(1 << 20),
	}
}

// record is the call as it is sent: the status is a number, and some are spread over lines or have keys that no column has.
func (c call) record(r *rand.Rand) []byte {
	path, err := json.Marshal(c.ResourcePath)
	if err != nil {
		panic("demo: sample is not JSON: " + err.Error())
	}
	data := fmt.Appendf(nil, `{"requestId": "%s", "ip": "%s", "user": "%s", "requestTime": %d, "httpMethod": "%s", "resourcePath": %s, "status": %s, "protocol": "%s", "responseLength": %d`,
		c.RequestID, c.IP, c.User, c.RequestTime, c.HTTPMethod, path, c.Status, c.Protocol, c.ResponseLength)
	switch r.IntN(10) {
	case 0:
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, append(data, '}'), "", "  "); err != nil {
			panic("demo: sample is not JSON: " + err.Error())
		}
		return pretty.Bytes()
	case 1:
		return append(data, `, "integration": {"latency": 12, "ids": [1, 2]}}`...)
	}
	return append(data, '}')
}

// digest is that of the row that the call must become.
func (c call) digest() digest {
	return digestOf(fmt.Appendf(nil, "%q %q %q %d %q %q %q %q %d", c.RequestID, c.IP, c.User, c.RequestTime, c.HTTPMethod, c.ResourcePath, c.Status, c.Protocol, c.ResponseLength))
}

func (c call) metered() metered {
	const hour = int64(time.Hour / time.Millisecond)
	return metered{c.User, c.RequestTime - c.RequestTime%hour}
}

// unfit is JSON that does not fit the columns.
func unfit(_ *rand.Rand, id string) []byte {
	return []byte(`{"requestId": "` + id + `", "requestTime": "yesterday", "responseLength": "many"}`)
}

// calls makes a user record of one call, or of several.
func (s *source) calls(d *draft, now time.Time) []byte {
	n := 1
	if s.rng.IntN(20) == 0 {
		n += 1 + s.rng.IntN(3)
	}
	var r draftRecord
	var values [][]byte
	for range n {
		c := newCall(s.rng, s.id(), now)
		values = append(values, c.record(s.rng))
		r.values = append(r.values, c.digest())
		d.calls = append(d.calls, c.metered())
	}
	d.records = append(d.records, r)
	return joined(s.rng, values)
}

// giantCall is a call of some size, most of it in its path.
func (s *source) giantCall(d *draft, now time.Time, size int) {
	const others = 400 // bytes at most that the other keys take
	c := newCall(s.rng, s.id(), now)
	c.ResourcePath = "/upload/" + strings.Repeat("calls upon calls/", (size-others)/17)
	d.data = c.record(rand.New(rand.NewPCG(0, 0)))
	d.records = []draftRecord{{values: []digest{c.digest()}}}
	d.calls = append(d.calls, c.metered())
}
