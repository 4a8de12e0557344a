package parquet

import (
	"testing"
)

// accessLog is a record of pipeline C, the access log of API Gateway.
const accessLog = `{"requestId": "f0a72781-3a69-4bd8-bef0-b4c2a95cbf3a", "ip": "15.165.43.146", "user": "-", "requestTime": 1675146135164, ` +
	`"httpMethod": "GET", "resourcePath": "/random/strings", "status": 200, "protocol": "HTTP/1.1", "responseLength": 11}`

var accessLogColumns = []Column{
	{Name: "requestId", Type: "string"}, {Name: "ip", Type: "string"}, {Name: "user", Type: "string"},
	{Name: "requestTime", Type: "timestamp"}, {Name: "httpMethod", Type: "string"}, {Name: "resourcePath", Type: "string"},
	{Name: "status", Type: "int"}, {Name: "protocol", Type: "string"}, {Name: "responseLength", Type: "bigint"},
}

func BenchmarkAppend(b *testing.B) {
	click := `{"params": {"param1": "value1","param2": "value2","path": "\/items\/323"},"body": {"text":"hihi","dodo":"dada","price":1.10},` +
		`"stage": "dev","http_method": "POST","request_id": "acb1a6cb-c274-4500-8e63-d2ae7b287588","resource_path": "/",` +
		`"resource_id": "qycjw0slz9","request_time": "28/Jul/2020:05:51:04 +0000","source_ip": "54.239.119.16","user_agent": "HTTPie/2.1.0"}`
	clickColumns := []Column{
		{Name: "params", Type: "struct<param1:string,param2:string,path:string>"}, {Name: "body", Type: "struct<text:string,dodo:string,price:decimal(10,2)>"},
		{Name: "stage", Type: "string"}, {Name: "http_method", Type: "string"}, {Name: "request_id", Type: "string"},
		{Name: "resource_path", Type: "string"}, {Name: "source_ip", Type: "string"}, {Name: "user_agent", Type: "string"},
	}
	for _, c := range []struct {
		name    string
		record  string
		columns []Column
		options Options
	}{
		{"access log", accessLog, accessLogColumns, Options{}},
		{"access log strict", accessLog, accessLogColumns, Options{Strict: true, Epoch: EpochMillis}},
		{"access log without its last key", accessLog, accessLogColumns[:8], Options{}},
		{"access log as int96", accessLog, accessLogColumns, Options{Timestamps: Int96}},
		{"nested click", click, clickColumns, Options{}},
		{"nested click with rest", click, clickColumns, Options{Rest: true}},
		{"nested click as text", click, []Column{{Name: "params", Type: "string"}, {Name: "body", Type: "string"}}, Options{}},
	} {
		b.Run(c.name, func(b *testing.B) {
			schema, err := ParseSchema(c.columns, c.options)
			if err != nil {
				b.Fatal(err)
			}
			s, rows, record := schema.NewShredder(), &Rows{}, []byte(c.record)
			b.SetBytes(int64(len(record)))
			b.ReportAllocs()
			for b.Loop() {
				if rows.N == 4096 {
					rows.Reset()
				}
				if _, err := s.Append(rows, record); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
