package sink

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
)

// tracedStore gives each request that belongs to a batch a span of the batch's trace.
type tracedStore struct{ Store }

func at(bucket, key string) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("aws.s3.bucket", bucket), attribute.String("aws.s3.key", key)}
}

func (s tracedStore) Create(ctx context.Context, bucket, key, batch string, form Form) (id string, err error) {
	end := traceOf(ctx).request("create", at(bucket, key)...)
	defer func() { end(err) }()
	return s.Store.Create(ctx, bucket, key, batch, form)
}

func (s tracedStore) UploadPart(ctx context.Context, u Upload, n int32, body Segments) (p Part, err error) {
	end := traceOf(ctx).request("upload", append(at(u.Bucket, u.Key), attribute.Int("aws.s3.part_number", int(n)), attribute.Int64("standpipe.bytes", body.Len()))...)
	defer func() { end(err) }()
	return s.Store.UploadPart(ctx, u, n, body)
}

func (s tracedStore) Complete(ctx context.Context, u Upload) (err error) {
	end := traceOf(ctx).request("complete", append(at(u.Bucket, u.Key), attribute.Int("standpipe.parts", len(u.Parts)))...)
	defer func() { end(err) }()
	return s.Store.Complete(ctx, u)
}

func (s tracedStore) Abort(ctx context.Context, u Upload) (err error) {
	end := traceOf(ctx).request("abort", at(u.Bucket, u.Key)...)
	defer func() { end(err) }()
	return s.Store.Abort(ctx, u)
}

func (s tracedStore) Batch(ctx context.Context, bucket, key string) (id string, err error) {
	end := traceOf(ctx).request("look for object", at(bucket, key)...)
	defer func() { end(err) }()
	return s.Store.Batch(ctx, bucket, key)
}

func (s tracedStore) Read(ctx context.Context, bucket, key string, limit int64) (body []byte, err error) {
	end := traceOf(ctx).request("read journal", at(bucket, key)...)
	defer func() { end(err) }()
	return s.Store.Read(ctx, bucket, key, limit)
}

func (s tracedStore) Delete(ctx context.Context, bucket, key string) (err error) {
	end := traceOf(ctx).request("delete", at(bucket, key)...)
	defer func() { end(err) }()
	return s.Store.Delete(ctx, bucket, key)
}

// tracedLedger does the same for the lease table.
type tracedLedger struct{ Ledger }

func (l tracedLedger) Intend(ctx context.Context, item Item) (err error) {
	end := traceOf(ctx).request("intent", attribute.Int("standpipe.rows", len(item.Spans)))
	defer func() { end(err) }()
	return l.Ledger.Intend(ctx, item)
}

func (l tracedLedger) Advance(ctx context.Context, item Item) (err error) {
	end := traceOf(ctx).request("advance", attribute.Int("standpipe.rows", len(item.Spans)))
	defer func() { end(err) }()
	return l.Ledger.Advance(ctx, item)
}

func (l tracedLedger) Mark(ctx context.Context, id string) (err error) {
	end := traceOf(ctx).request("mark as undone")
	defer func() { end(err) }()
	return l.Ledger.Mark(ctx, id)
}

func (l tracedLedger) Clear(ctx context.Context, item Item) (err error) {
	end := traceOf(ctx).request("free the shards", attribute.Int("standpipe.rows", len(item.Spans)))
	defer func() { end(err) }()
	return l.Ledger.Clear(ctx, item)
}
