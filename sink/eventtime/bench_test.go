package eventtime

import "testing"

var access = []byte(`{"requestId":"1bd5d3e9-6c71-4a8a-8e7f-3d3d0e9f1a2b","ip":"203.0.113.7","requestTime":"28/Jul/2020:05:51:04 +0000","epoch":1595915464123,` +
	`"httpMethod":"GET","routeKey":"GET /pets","status":200,"protocol":"HTTP/1.1","responseLength":1234}`)

func BenchmarkFind(b *testing.B) {
	for name, o := range map[string]settings{
		"epoch":   {path: ".epoch"},
		"pattern": {path: ".requestTime", format: "dd/MMM/yyyy:HH:mm:ss Z"},
		"gojq":    {path: ".epoch?"},
	} {
		b.Run(name, func(b *testing.B) {
			f := finder(b, o)
			b.ReportAllocs()
			for b.Loop() {
				if got := f.Find(access, arrival); got.Reason != Usable {
					b.Fatal(got.Message())
				}
			}
		})
	}
}
