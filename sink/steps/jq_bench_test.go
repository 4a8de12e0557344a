package steps

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"standpipe/sink"
)

// accessLog is a record of 280 bytes.
func accessLog(status int) []byte {
	return fmt.Appendf(nil, `{"requestId": "f0a72781-3a69-4bd8-bef0-b4c2a95cbf3a", "ip": "15.165.43.146", "user": "-", "requestTime": 1675146135164, "httpMethod": "GET", "resourcePath": "/random/strings", "status": %d, "protocol": "HTTP/1.1", "responseLength": 11, "agent": "Mozilla/5.0 (X11; Linux x86_64)"}`, status)
}

func BenchmarkJQ(b *testing.B) {
	clf := []byte(`15.165.43.146 - ana [31/Jan/2023:06:22:15 +0000] "GET /random/strings HTTP/1.1" 200 11 "-" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"` + "\n")
	for _, c := range []struct {
		name string
		data []byte
		do   JQ
	}{
		{"select", accessLog(500), JQ{Program: `select(.status >= 500)`}},
		{"drop", accessLog(200), JQ{Program: `select(.status >= 500)`}},
		{"identity", accessLog(200), JQ{Program: `.`}},
		{"reshape", accessLog(200), JQ{Program: `{id: .requestId, when: .requestTime, path: .resourcePath, ok: (.status < 400)}`}},
		{"add", accessLog(200), JQ{Program: `. + {env: "prod"}`}},
		{"capture", clf, JQ{Input: Text, Program: `capture("^(?<ip>\\S+) \\S+ (?<user>\\S+) \\[(?<time>[^\\]]+)\\] \"(?<method>\\S+) (?<path>\\S+) (?<protocol>[^\"]+)\" (?<status>\\d{3}) (?<bytes>\\d+|-)") | .status |= tonumber`}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.do.MaxBytes, c.do.Timeout = 64<<20, time.Second
			s, err := NewJQ("jq", c.do)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(c.data)))
			b.ReportAllocs()
			before := cpuTime(b)
			for b.Loop() {
				s.Do(sink.Record{Data: c.data}, func(rec sink.Record) bool {
					if rec.Failure != nil {
						b.Fatal(rec.Failure.Message)
					}
					return true
				})
			}
			b.ReportMetric(float64(b.N)*float64(len(c.data))/1e6/(cpuTime(b)-before).Seconds(), "MB/cpu-s")
		})
	}
}

// cpuTime is what the process used, whoever else uses the machine.
func cpuTime(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
