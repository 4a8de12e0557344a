package s3read

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"standpipe/sink"
)

// S3 is Amazon S3 or a server that speaks its API. A missing key answers sink.ErrNotFound. It may be used concurrently.
type S3 struct {
	// Client gives the client for a bucket, which retries with back-off by itself.
	Client func(bucket string) *s3.Client
}

// Place is where keys begin alike.
type Place struct{ Bucket, Head string }

func (p Place) String() string { return "s3://" + p.Bucket + "/" + p.Head }

// Object is an object as a listing or a HEAD shows it.
type Object struct {
	Key      string
	Size     int64
	Modified time.Time
	ETag     string // only List knows it
	Batch    string // the batch id in its metadata; only Head knows it
}

// List gives the objects whose keys begin with a place's head and come after a key, page by page, in whatever order the
// server has.
func (s S3) List(ctx context.Context, p Place, after string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		in := &s3.ListObjectsV2Input{Bucket: &p.Bucket, Prefix: &p.Head}
		if after != "" {
			in.StartAfter = &after
		}
		for {
			page, err := s.Client(p.Bucket).ListObjectsV2(ctx, in)
			if err != nil {
				yield(Object{}, failure("list", p.Bucket, p.Head, err))
				return
			}
			for _, o := range page.Contents {
				if !yield(Object{Key: aws.ToString(o.Key), Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified), ETag: aws.ToString(o.ETag)}, nil) {
					return
				}
			}
			if !aws.ToBool(page.IsTruncated) {
				return
			}
			next := aws.ToString(page.NextContinuationToken)
			if next == "" || next == aws.ToString(in.ContinuationToken) {
				yield(Object{}, fmt.Errorf("list s3://%s/%s: the server's pages do not lead to an end", p.Bucket, p.Head))
				return
			}
			in.ContinuationToken = &next
		}
	}
}

// Head looks at one object.
func (s S3) Head(ctx context.Context, bucket, key string) (Object, error) {
	out, err := s.Client(bucket).HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return Object{}, failure("look for", bucket, key, err)
	}
	return Object{Key: key, Size: aws.ToInt64(out.ContentLength), Modified: aws.ToTime(out.LastModified), Batch: sink.BatchOf(out.Metadata)}, nil
}

// Open gives an object's bytes from an offset on, which is less than its size or 0. When a connection breaks the reader
// takes up where it was.
func (s S3) Open(ctx context.Context, bucket, key string, from int64) (io.ReadCloser, error) {
	return s.open(ctx, bucket, key, &reader{at: from})
}

// OpenListed gives the bytes of an object as it was listed, whose ETag must still be the same.
func (s S3) OpenListed(ctx context.Context, bucket string, o Object) (io.ReadCloser, error) {
	return s.open(ctx, bucket, o.Key, &reader{etag: &o.ETag})
}

func (s S3) open(ctx context.Context, bucket, key string, r *reader) (io.ReadCloser, error) {
	client := s.Client(bucket)
	r.request = func() error {
		in := &s3.GetObjectInput{Bucket: &bucket, Key: &key, IfMatch: r.etag}
		if r.at > 0 {
			in.Range = aws.String(fmt.Sprintf("bytes=%d-", r.at))
		}
		out, err := client.GetObject(ctx, in)
		if err != nil {
			return failure("read", bucket, key, err)
		}
		r.body, r.etag = out.Body, out.ETag
		return nil
	}
	if err := r.request(); err != nil {
		return nil, err
	}
	return r, nil
}

const maxResumes = 5 // in a row, without a byte between them

// reader goes on where it was when a connection breaks.
type reader struct {
	request func() error // for the bytes from at on
	body    io.ReadCloser
	etag    *string
	at      int64
	resumes int
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.at += int64(n)
	if n > 0 {
		r.resumes = 0
	}
	if err == nil || err == io.EOF || r.resumes == maxResumes {
		return n, err
	}
	r.resumes++
	_ = r.body.Close()
	return n, r.request()
}

func (r *reader) Close() error { return r.body.Close() }

// failure says what could not be done; sink.ErrNotFound for a plain 404.
func failure(doing, bucket, key string, err error) error {
	var api smithy.APIError
	var resp *awshttp.ResponseError
	if errors.As(err, &api) && (api.ErrorCode() == "NoSuchKey" || api.ErrorCode() == "NotFound") ||
		errors.As(err, &resp) && resp.HTTPStatusCode() == http.StatusNotFound && api == nil {
		return fmt.Errorf("%s s3://%s/%s: %w", doing, bucket, key, sink.ErrNotFound)
	}
	return fmt.Errorf("%s s3://%s/%s: %w", doing, bucket, key, err)
}
