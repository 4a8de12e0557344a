package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/uuid"

	"standpipe/config"
	"standpipe/partition"
	"standpipe/sink"
)

func retryS3(o *s3.Options) { o.Retryer = persist() }

// patientStore is the sink's own store, with retries: what is tried on it is what the sink will do, with its
// identities, encryption, ACL and checksums.
func patientStore(svc *services, cfg config.Config) *sink.S3 {
	return svc.store(cfg, sink.S3Options{RequestTimeout: startLimit, PartTimeout: startLimit}, retryS3)
}

// bucket looks for a bucket, then tries at each place in it what a commit and a recovery need, then reads its
// lifecycle rules.
func (in *inspection) bucket(ctx context.Context, use bucketUse, r *report) {
	ctx, cancel := context.WithTimeout(ctx, 3*startLimit)
	defer cancel()
	check := "bucket " + use.name
	var here []place
	for _, p := range places(in.cfg, in.pipe) {
		if p.bucket == use.name {
			here = append(here, p)
		}
	}
	role := in.svc.buckets[use.name]
	broken := in.broken[role]
	switch {
	case broken:
		r.skip(check)
	case r.fail(check, in.svc.verifyBucket(ctx, use)):
		broken = true
	default:
		r.add(fine, check, "exists in %s%s", in.svc.region, in.svc.as(role))
	}
	for _, p := range here {
		upload, missing := p.String()+": upload", p.String()+": missing key"
		if broken {
			r.skip(upload, missing)
			continue
		}
		if !r.fail(upload, in.upload(ctx, p)) {
			r.add(fine, upload, "created with CRC32, one part, listed, aborted")
		}
		if !r.fail(missing, in.missing(ctx, p)) {
			r.add(fine, missing, "answers 404")
		}
	}
	if broken {
		r.skip(check + ": lifecycle")
		return
	}
	in.lifecycle(ctx, check+": lifecycle", use.name, here, r)
}

func (in *inspection) bucketRequest(doing string, p place, denied string) request {
	return request{
		service: "S3", endpoint: aws.ToString(in.svc.s3.Options().BaseEndpoint), key: "s3.endpoint", region: in.svc.region,
		doing: doing, thing: p.String(), missing: fmt.Sprintf("bucket %s has just gone: look again", p.bucket), denied: denied,
	}
}

// checkKey is a key that no batch has. Its form is that of objects, so that `clean` takes what should stay behind
// for a crash's leftover.
func (in *inspection) checkKey(p place) (key, batch string) {
	batch = uuid.NewString()
	return p.head + partition.ObjectName(in.cfg.Leases.Application, in.now, nil, batch+"-0", ".check"), batch
}

// upload goes through a multipart upload up to the point where it would become visible.
func (in *inspection) upload(ctx context.Context, p place) (err error) {
	key, batch := in.checkKey(p)
	allowPut := "allow s3:PutObject on " + p.String() + "*"
	if in.cfg.S3.ACL != "" {
		allowPut = "allow s3:PutObject and s3:PutObjectAcl on " + p.String() + "*"
	}
	if in.cfg.S3.SSE == string(types.ServerSideEncryptionAwsKms) {
		allowPut += ", and kms:GenerateDataKey and kms:Decrypt on the key of s3.kms_key"
	}
	id, err := in.store.Create(ctx, p.bucket, key, batch, sink.Form{ContentType: "text/plain"})
	if err != nil {
		return explain(err, in.bucketRequest("create an upload", p, allowPut))
	}
	u := sink.Upload{Bucket: p.bucket, Key: key, ID: id}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startLimit)
		defer cancel()
		stays := in.store.Abort(ctx, u)
		if stays == nil || errors.Is(stays, sink.ErrNoSuchUpload) {
			return
		}
		said := explain(stays, in.bucketRequest("abort an upload", p, "allow s3:AbortMultipartUpload on "+p.String()+"*"))
		err = &sentence{fmt.Sprintf("%s; the upload of %s stays: `standpipe clean` or a lifecycle rule removes it", said, key), errors.Join(err, stays)}
	}()
	if _, err := in.store.UploadPart(ctx, u, 1, sink.Segments{[]byte("standpipe check --online\n")}); err != nil {
		return explain(err, in.bucketRequest("upload a part", p, allowPut))
	}
	_, err = in.store.Parts(ctx, u)
	return explain(err, in.bucketRequest("list the parts of an upload", p, "allow s3:ListMultipartUploadParts on "+p.String()+"*"))
}

// missing looks for an object that does not exist.
func (in *inspection) missing(ctx context.Context, p place) error {
	key, _ := in.checkKey(p)
	_, err := in.store.Batch(ctx, p.bucket, key)
	var resp *awshttp.ResponseError
	switch {
	case errors.Is(err, sink.ErrNotFound):
		return nil
	case err == nil:
		return fmt.Errorf("an object is there under a random key: %s is no S3 that standpipe can use", in.s3Server())
	case errors.As(err, &resp) && resp.HTTPStatusCode() == http.StatusForbidden:
		return &sentence{fmt.Sprintf("HEAD of a key that is not there answers 403, not 404: allow s3:ListBucket on bucket %s and s3:GetObject on %s*; without them a recovery can not tell whether an object is gone, and waits for ever", p.bucket, p), err}
	}
	return explain(err, in.bucketRequest("look for a key that is not there", p, ""))
}

func (in *inspection) s3Server() string {
	if e := aws.ToString(in.svc.s3.Options().BaseEndpoint); e != "" {
		return e
	}
	return "the bucket's server"
}
