package verify

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"standpipe/consumer"
	"standpipe/internal/dynamofake"
	"standpipe/internal/endtoend"
	"standpipe/internal/faults"
	"standpipe/internal/kinesisfake"
	"standpipe/internal/s3fake"
	"standpipe/internal/s3read"
)

const (
	lake     = endtoend.Bucket
	journals = "_standpipe/test/"
)

// lab is a bucket and a lease table to be verified, and hands to damage them with.
type lab struct {
	t        *testing.T
	store    *s3.Client
	table    *consumer.Table
	database *dynamodb.Client
	kinesis  *kinesisfake.Server
	s3       *s3fake.Server
	dynamo   *dynamofake.Server
}

func newLab(t *testing.T, kinesis *kinesisfake.Server, dynamo *dynamofake.Server, store *s3fake.Server) *lab {
	cfg := aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""), Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		HTTPClient: &http.Client{Transport: faults.Transport(map[string]http.Handler{"dynamodb": dynamo, "s3": store})},
	}
	database := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = aws.String("http://dynamodb") })
	return &lab{
		database: database,
		t:        t, kinesis: kinesis, s3: store, dynamo: dynamo,
		store: s3.NewFromConfig(cfg, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = aws.String("http://s3"), true }),
		table: consumer.NewTable(database, endtoend.Tables),
	}
}

// of looks at an end-to-end world.
func of(t *testing.T, w *endtoend.World) *lab { return newLab(t, w.Kinesis, w.Dynamo, w.S3) }

// options verify everything there is.
func (l *lab) options() Options {
	return Options{
		Application: "test", Journal: Place{Bucket: lake, Head: journals}, Places: []Place{{Bucket: lake, Head: "clicks/"}, {Bucket: lake, Head: "plain/"}, {Bucket: lake, Head: "errors/"}},
		Store: s3read.S3{Client: func(string) *s3.Client { return l.store }}, Table: l.table,
		Parents: func(context.Context) (map[string][]string, error) {
			parents := map[string][]string{}
			shards, err := l.kinesis.Shards(endtoend.Stream)
			for _, s := range shards {
				parents[s.ID] = slices.DeleteFunc([]string{s.Parent, s.AdjacentParent}, func(p string) bool { return p == "" })
			}
			return parents, err
		},
	}
}

func (l *lab) verify(set func(*Options)) *Report {
	l.t.Helper()
	o := l.options()
	if set != nil {
		set(&o)
	}
	r, err := Run(l.t.Context(), o)
	if err != nil {
		l.t.Fatal(err)
	}
	return r
}

func deep(o *Options) { o.Deep = true }

// must verify without a problem.
func (l *lab) fine(set func(*Options)) *Report {
	l.t.Helper()
	r := l.verify(set)
	if !r.OK || len(r.Problems) > 0 {
		l.t.Fatalf("problems: %s", texts(r.Problems))
	}
	return r
}

func texts(ps []Problem) string {
	var b strings.Builder
	for _, p := range ps {
		b.WriteString("\n" + string(p.Kind) + ": " + p.Text)
	}
	return b.String()
}

// has finds a problem of a kind whose text has all the words.
func has(ps []Problem, kind Kind, words ...string) bool {
	for _, p := range ps {
		all := p.Kind == kind
		for _, w := range words {
			all = all && strings.Contains(p.Text, w)
		}
		if all {
			return true
		}
	}
	return false
}

func (l *lab) only(r *Report, kind Kind, words ...string) {
	l.t.Helper()
	if r.OK || len(r.Counts) != 1 || !has(r.Problems, kind, words...) {
		l.t.Errorf("want only %s with %q, got %v%s", kind, words, r.Counts, texts(r.Problems))
	}
}

// object is an object with what is needed to put it back.
type object struct {
	key  string
	data []byte
	meta map[string]string
}

func (l *lab) get(key string) object {
	l.t.Helper()
	out, err := l.store.GetObject(l.t.Context(), &s3.GetObjectInput{Bucket: aws.String(lake), Key: &key})
	if err != nil {
		l.t.Fatal(err)
	}
	data, err := io.ReadAll(out.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return object{key, data, out.Metadata}
}

func (l *lab) put(o object) {
	l.t.Helper()
	if _, err := l.store.PutObject(l.t.Context(), &s3.PutObjectInput{Bucket: aws.String(lake), Key: &o.key, Body: bytes.NewReader(o.data), Metadata: o.meta}); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) remove(key string) {
	l.t.Helper()
	if _, err := l.store.DeleteObject(l.t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(lake), Key: &key}); err != nil {
		l.t.Fatal(err)
	}
}

// keys lists what is under a prefix.
func (l *lab) keys(prefix string) (keys []string) {
	for _, o := range l.s3.Objects(lake) {
		if strings.HasPrefix(o.Key, prefix) {
			keys = append(keys, o.Key)
		}
	}
	return keys
}

func (l *lab) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

const minute = time.Minute
