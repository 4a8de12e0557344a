package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"standpipe/internal/awserr"
)

// batchKey is the metadata key that carries the batch id (x-amz-meta-standpipe-batch).
const batchKey = "standpipe-batch"

// BatchOf gives the batch id in an object's user metadata, "" when it has none.
func BatchOf(metadata map[string]string) string { return metadata[batchKey] }

// S3 is the Store on Amazon S3 or a server that speaks its API.
type S3 struct {
	client *s3.Client
	opts   S3Options
}

// S3Options says how objects are written, by which identity, and how long one attempt of a request may take.
type S3Options struct {
	// Clients serve the buckets that the store's own client does not: those of other accounts, by bucket. Nil: none.
	// Like the store's own they must not retry. The map is not changed afterwards.
	Clients map[string]*s3.Client

	SSE    types.ServerSideEncryption // "" leaves it to the bucket's default
	KMSKey string                     // with aws:kms; "" is the account's aws/s3 key
	ACL    types.ObjectCannedACL      // of every object, journals too; "" sends none

	RequestTimeout time.Duration // one attempt of a small request; 0 = 15 s
	PartTimeout    time.Duration // one attempt of a part; 0 = 2 min
}

// NewS3 wraps a client for all buckets but those of S3Options.Clients. The client must not retry by itself: the sink does.
func NewS3(client *s3.Client, opts S3Options) *S3 {
	if opts.RequestTimeout == 0 {
		opts.RequestTimeout = 15 * time.Second
	}
	if opts.PartTimeout == 0 {
		opts.PartTimeout = 2 * time.Minute
	}
	return &S3{client, opts}
}

var _ Store = (*S3)(nil)

// at is the client for a bucket.
func (s *S3) at(bucket string) *s3.Client {
	if c := s.opts.Clients[bucket]; c != nil {
		return c
	}
	return s.client
}

func (s *S3) Create(ctx context.Context, bucket, key, batch string, form Form) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.RequestTimeout)
	defer cancel()
	in := &s3.CreateMultipartUploadInput{
		Bucket: &bucket, Key: &key,
		Metadata:          map[string]string{batchKey: batch},
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
		ContentType:       &form.ContentType,
		ACL:               s.opts.ACL,
	}
	if form.ContentEncoding != "" {
		in.ContentEncoding = &form.ContentEncoding
	}
	if s.opts.SSE != "" {
		in.ServerSideEncryption = s.opts.SSE
		if s.opts.KMSKey != "" {
			in.SSEKMSKeyId = &s.opts.KMSKey
		}
	}
	out, err := s.at(bucket).CreateMultipartUpload(ctx, in)
	if err != nil {
		return "", s3Error("create upload", bucket, key, err)
	}
	if aws.ToString(out.UploadId) == "" {
		return "", fmt.Errorf("create upload s3://%s/%s: the answer has no upload id", bucket, key)
	}
	return *out.UploadId, nil
}

func (s *S3) UploadPart(ctx context.Context, u Upload, n int32, body Segments) (Part, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.PartTimeout)
	defer cancel()
	sum, size := body.CRC32(), body.Len()
	out, err := s.at(u.Bucket).UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &u.Bucket, Key: &u.Key, UploadId: &u.ID, PartNumber: &n,
		Body: body.Reader(), ContentLength: &size, ChecksumCRC32: &sum,
	})
	if err != nil {
		return Part{}, s3Error(fmt.Sprintf("upload part %d of", n), u.Bucket, u.Key, err)
	}
	return Part{Number: n, ETag: aws.ToString(out.ETag), CRC32: sum, Size: size}, nil
}

func (s *S3) Complete(ctx context.Context, u Upload) error {
	// S3 may take minutes to complete an upload of many parts; a second attempt is harmless.
	ctx, cancel := context.WithTimeout(ctx, s.opts.PartTimeout)
	defer cancel()
	parts := make([]types.CompletedPart, len(u.Parts))
	for i := range u.Parts {
		p := &u.Parts[i]
		parts[i] = types.CompletedPart{PartNumber: &p.Number, ETag: &p.ETag, ChecksumCRC32: &p.CRC32}
	}
	_, err := s.at(u.Bucket).CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &u.Bucket, Key: &u.Key, UploadId: &u.ID,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	return s3Error("complete upload", u.Bucket, u.Key, err)
}

func (s *S3) Parts(ctx context.Context, u Upload) ([]Part, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.RequestTimeout)
	defer cancel()
	var parts []Part
	pages := s3.NewListPartsPaginator(s.at(u.Bucket), &s3.ListPartsInput{Bucket: &u.Bucket, Key: &u.Key, UploadId: &u.ID})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s3Error("list parts of", u.Bucket, u.Key, err)
		}
		for _, p := range page.Parts {
			parts = append(parts, Part{aws.ToInt32(p.PartNumber), aws.ToString(p.ETag), aws.ToString(p.ChecksumCRC32), aws.ToInt64(p.Size)})
		}
	}
	return parts, nil
}

func (s *S3) Abort(ctx context.Context, u Upload) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.RequestTimeout)
	defer cancel()
	_, err := s.at(u.Bucket).AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &u.Bucket, Key: &u.Key, UploadId: &u.ID})
	return s3Error("abort upload", u.Bucket, u.Key, err)
}

func (s *S3) Batch(ctx context.Context, bucket, key string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.RequestTimeout)
	defer cancel()
	out, err := s.at(bucket).HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return "", s3Error("look for", bucket, key, err)
	}
	return BatchOf(out.Metadata), nil
}

func (s *S3) Read(ctx context.Context, bucket, key string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.PartTimeout)
	defer cancel()
	out, err := s.at(bucket).GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, s3Error("read", bucket, key, err)
	}
	defer func() { _ = out.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(out.Body, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, fmt.Errorf("read s3://%s/%s: %w of %d bytes", bucket, key, ErrTooLarge, limit)
	}
	return b, s3Error("read", bucket, key, err)
}

func (s *S3) Delete(ctx context.Context, bucket, key string) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.RequestTimeout)
	defer cancel()
	_, err := s.at(bucket).DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
	return s3Error("delete", bucket, key, err)
}

// s3Error gives an SDK error the sink's meaning. Codes: Amazon S3 API reference, "Error responses". Only what S3
// itself answered has one: a 404 of the service that credentials come from says nothing about an object.
func s3Error(op, bucket, key string, err error) error {
	if err == nil {
		return nil
	}
	kind := err
	var answer s3.ResponseError
	var api smithy.APIError
	var resp *awshttp.ResponseError
	switch {
	case !errors.As(err, &answer):
	case errors.As(err, &api) && api.ErrorCode() == "NoSuchUpload":
		kind = ErrNoSuchUpload
	case errors.As(err, &api) && (api.ErrorCode() == "InvalidPart" || api.ErrorCode() == "BadDigest"):
		kind = ErrInvalidPart
	case errors.As(err, &api) && (api.ErrorCode() == "EntityTooSmall" || api.ErrorCode() == "InvalidPartOrder"):
		kind = ErrIncomplete
	case errors.As(err, &api) && (api.ErrorCode() == "NoSuchKey" || api.ErrorCode() == "NotFound"),
		errors.As(err, &resp) && resp.HTTPStatusCode() == http.StatusNotFound && api == nil:
		kind = ErrNotFound
	}
	if kind == err {
		return fmt.Errorf("%s s3://%s/%s: %w", op, bucket, key, awserr.Brief(err))
	}
	return fmt.Errorf("%s s3://%s/%s: %w (%s)", op, bucket, key, kind, awserr.Cause(err))
}
