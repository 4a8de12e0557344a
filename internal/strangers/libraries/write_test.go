package libraries

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	arrowparquet "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	pq "github.com/parquet-go/parquet-go"
	xt "github.com/xitongsys/parquet-go/parquet"
	"github.com/xitongsys/parquet-go/writer"

	"standpipe/internal/strangers/sample"
	"standpipe/sink/parquet"
)

const records = 100_000

// row is an access log, parsed. Each library has the same columns in a dictionary, all optional, snappy, one row group.
type row struct {
	RequestID      string `json:"requestId" parquet:"requestid,optional"`
	IP             string `json:"ip" parquet:"ip,optional"`
	User           string `json:"user" parquet:"user,optional,dict"`
	RequestTime    int64  `json:"requestTime" parquet:"requesttime,optional,timestamp(microsecond)"`
	HTTPMethod     string `json:"httpMethod" parquet:"httpmethod,optional,dict"`
	ResourcePath   string `json:"resourcePath" parquet:"resourcepath,optional,dict"`
	Status         int32  `json:"status" parquet:"status,optional,dict"`
	Protocol       string `json:"protocol" parquet:"protocol,optional,dict"`
	ResponseLength int64  `json:"responseLength" parquet:"responselength,optional,dict"`
}

// marked is a row as xitongsys/parquet-go has it.
type marked struct {
	RequestID      *string `json:"requestId" parquet:"name=requestid, type=BYTE_ARRAY, convertedtype=UTF8, repetitiontype=OPTIONAL"`
	IP             *string `json:"ip" parquet:"name=ip, type=BYTE_ARRAY, convertedtype=UTF8, repetitiontype=OPTIONAL"`
	User           *string `json:"user" parquet:"name=user, type=BYTE_ARRAY, convertedtype=UTF8, repetitiontype=OPTIONAL, encoding=PLAIN_DICTIONARY"`
	RequestTime    *int64  `json:"requestTime" parquet:"name=requesttime, type=INT64, convertedtype=TIMESTAMP_MICROS, repetitiontype=OPTIONAL"`
	HTTPMethod     *string `json:"httpMethod" parquet:"name=httpmethod, type=BYTE_ARRAY, convertedtype=UTF8, repetitiontype=OPTIONAL, encoding=PLAIN_DICTIONARY"`
	ResourcePath   *string `json:"resourcePath" parquet:"name=resourcepath, type=BYTE_ARRAY, convertedtype=UTF8, repetitiontype=OPTIONAL, encoding=PLAIN_DICTIONARY"`
	Status         *int32  `json:"status" parquet:"name=status, type=INT32, repetitiontype=OPTIONAL, encoding=PLAIN_DICTIONARY"`
	Protocol       *string `json:"protocol" parquet:"name=protocol, type=BYTE_ARRAY, convertedtype=UTF8, repetitiontype=OPTIONAL, encoding=PLAIN_DICTIONARY"`
	ResponseLength *int64  `json:"responseLength" parquet:"name=responselength, type=INT64, repetitiontype=OPTIONAL, encoding=PLAIN_DICTIONARY"`
}

// logs are the records as JSON and as rows.
func logs(b *testing.B) (raw [][]byte, rows []row, size int64) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	rows = make([]row, records)
	for i := range rows {
		record := sample.AccessLog(r, i)
		raw, size = append(raw, record), size+int64(len(record))
		if err := json.Unmarshal(record, &rows[i]); err != nil {
			b.Fatal(err)
		}
		rows[i].RequestTime *= 1000
	}
	return raw, rows, size
}

// BenchmarkWrite makes files of parsed rows, and of JSON, in memory. Speeds are in bytes of JSON a second of processor time,
// so that they can be compared on a busy machine too.
func BenchmarkWrite(b *testing.B) {
	raw, rows, size := logs(b)
	for _, c := range []struct {
		name  string
		write func(b *testing.B, out *bytes.Buffer)
	}{
		{"parquet-go", func(b *testing.B, out *bytes.Buffer) { parquetGo(b, rows, out) }},
		{"arrow-go", func(b *testing.B, out *bytes.Buffer) { arrowGo(b, rows, out) }},
		{"xitongsys", func(b *testing.B, out *bytes.Buffer) { xitongsys(b, rows, out) }},
		{"standpipe from JSON", func(b *testing.B, out *bytes.Buffer) { standpipe(b, raw, out) }},
		{"xitongsys from JSON", func(b *testing.B, out *bytes.Buffer) { xitongsysJSON(b, raw, out) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			var out bytes.Buffer
			var began, ended syscall.Rusage
			must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &began))
			for b.Loop() {
				out.Reset()
				c.write(b, &out)
			}
			must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &ended))
			cpu := float64(ended.Utime.Nano()+ended.Stime.Nano()-began.Utime.Nano()-began.Stime.Nano()) / 1e9
			b.ReportMetric(float64(size)*float64(b.N)/1e6/cpu, "MB/cpu-s")
			if n := rowsIn(b, out.Bytes()); n != records {
				b.Fatalf("%d rows", n)
			}
			b.ReportMetric(float64(out.Len())/float64(size), "stored/byte")
		})
	}
}

func rowsIn(b *testing.B, data []byte) int64 {
	b.Helper()
	f, err := pq.OpenFile(bytes.NewReader(data), int64(len(data)))
	must(b, err)
	return f.NumRows()
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func parquetGo(b *testing.B, rows []row, out *bytes.Buffer) {
	w := pq.NewGenericWriter[row](out, pq.Compression(&pq.Snappy), pq.DataPageVersion(1), pq.PageBufferSize(1<<20), pq.DataPageStatistics(false))
	for len(rows) > 0 {
		n, err := w.Write(rows[:min(1000, len(rows))])
		must(b, err)
		rows = rows[n:]
	}
	must(b, w.Close())
}

func arrowGo(b *testing.B, rows []row, out *bytes.Buffer) {
	field := func(name string, t arrow.DataType) arrow.Field {
		return arrow.Field{Name: name, Type: t, Nullable: true}
	}
	text := arrow.BinaryTypes.String
	schema := arrow.NewSchema([]arrow.Field{
		field("requestid", text), field("ip", text), field("user", text), field("requesttime", arrow.FixedWidthTypes.Timestamp_us), field("httpmethod", text),
		field("resourcepath", text), field("status", arrow.PrimitiveTypes.Int32), field("protocol", text), field("responselength", arrow.PrimitiveTypes.Int64),
	}, nil)
	props := arrowparquet.NewWriterProperties(arrowparquet.WithCompression(compress.Codecs.Snappy), arrowparquet.WithDataPageVersion(arrowparquet.DataPageV1),
		arrowparquet.WithDictionaryFor("requestid", false), arrowparquet.WithDictionaryFor("ip", false), arrowparquet.WithDictionaryFor("requesttime", false))
	w, err := pqarrow.NewFileWriter(schema, out, props, pqarrow.DefaultWriterProps())
	must(b, err)
	build := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer build.Release()
	for i, r := range rows {
		build.Field(0).(*array.StringBuilder).Append(r.RequestID)
		build.Field(1).(*array.StringBuilder).Append(r.IP)
		build.Field(2).(*array.StringBuilder).Append(r.User)
		build.Field(3).(*array.TimestampBuilder).Append(arrow.Timestamp(r.RequestTime))
		build.Field(4).(*array.StringBuilder).Append(r.HTTPMethod)
		build.Field(5).(*array.StringBuilder).Append(r.ResourcePath)
		build.Field(6).(*array.Int32Builder).Append(r.Status)
		build.Field(7).(*array.StringBuilder).Append(r.Protocol)
		build.Field(8).(*array.Int64Builder).Append(r.ResponseLength)
		if i%1000 == 999 || i == len(rows)-1 {
			batch := build.NewRecordBatch()
			must(b, w.WriteBuffered(batch))
			batch.Release()
		}
	}
	must(b, w.Close())
}

func xitongsys(b *testing.B, rows []row, out *bytes.Buffer) {
	w, err := writer.NewParquetWriterFromWriter(out, new(marked), 1)
	must(b, err)
	w.CompressionType, w.PageSize = xt.CompressionCodec_SNAPPY, 1<<20
	for i := range rows {
		r := &rows[i]
		must(b, w.Write(&marked{&r.RequestID, &r.IP, &r.User, &r.RequestTime, &r.HTTPMethod, &r.ResourcePath, &r.Status, &r.Protocol, &r.ResponseLength}))
	}
	must(b, w.WriteStop())
}

// columnsOfJSON are those of marked, for the writer of JSON.
const columnsOfJSON = `{"Tag": "name=root", "Fields": [
	{"Tag": "name=requestId, type=BYTE_ARRAY, convertedtype=UTF8, repetitiontype=OPTIONAL"},
	{"Tag": "name=ip, type=BYTE_ARRAY, convertedtype=UTF8, repetitiontype=OPTIONAL"},
	{"Tag": "name=user, type=BYTE_ARRAY, convertedtype=UTF8, repetitiontype=OPTIONAL, encoding=PLAIN_DICTIONARY"},
	{"Tag": "name=requestTime, type=INT64, repetitiontype=OPTIONAL"},
	{"Tag": "name=httpMethod, type=BYTE_ARRAY, convertedtype=UTF8, repetitiontype=OPTIONAL, encoding=PLAIN_DICTIONARY"},
	{"Tag": "name=resourcePath, type=BYTE_ARRAY, convertedtype=UTF8, repetitiontype=OPTIONAL, encoding=PLAIN_DICTIONARY"},
	{"Tag": "name=status, type=INT32, repetitiontype=OPTIONAL, encoding=PLAIN_DICTIONARY"},
	{"Tag": "name=protocol, type=BYTE_ARRAY, convertedtype=UTF8, repetitiontype=OPTIONAL, encoding=PLAIN_DICTIONARY"},
	{"Tag": "name=responseLength, type=INT64, repetitiontype=OPTIONAL, encoding=PLAIN_DICTIONARY"}]}`

func xitongsysJSON(b *testing.B, raw [][]byte, out *bytes.Buffer) {
	w, err := writer.NewJSONWriterFromWriter(columnsOfJSON, out, 1)
	must(b, err)
	w.CompressionType, w.PageSize = xt.CompressionCodec_SNAPPY, 1<<20
	for _, r := range raw {
		must(b, w.Write(string(r)))
	}
	must(b, w.WriteStop())
}

// standpipe is what runs in the daemon, on one core.
func standpipe(b *testing.B, raw [][]byte, out *bytes.Buffer) {
	columns, err := parquet.ParseColumns(sample.AccessLogs)
	must(b, err)
	schema, err := parquet.ParseSchema(columns, parquet.Options{})
	must(b, err)
	f, err := parquet.NewFormat(schema, parquet.FileOptions{Groups: 1})
	must(b, err)
	file := f.NewFile(func(p []byte) { out.Write(p) }, nil)
	s, rows := schema.NewShredder(), f.NewRows()
	for i, r := range raw {
		_, err := s.Append(rows, r)
		must(b, err)
		if rows.N == 1000 || i == len(raw)-1 {
			must(b, file.Append(b.Context(), rows))
			rows.Reset()
		}
	}
	must(b, file.Close())
}
