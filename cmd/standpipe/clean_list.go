package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// outermost leaves out places that lie inside another one. They come sorted.
func outermost(all []place) (kept []place) {
	for _, p := range all {
		if n := len(kept); n == 0 || kept[n-1].bucket != p.bucket || !strings.HasPrefix(p.head, kept[n-1].head) {
			kept = append(kept, p)
		}
	}
	return kept
}

// list gives the open uploads below a place, page by page. whole is false when the server's pages do not lead
// to an end; what they showed is given all the same, each upload once.
func (c *cleaner) list(ctx context.Context, p place) (found []*openUpload, whole bool, err error) {
	seen := map[string]bool{}
	in := &s3.ListMultipartUploadsInput{Bucket: &p.bucket, Prefix: &p.head}
	for {
		out, err := c.page(ctx, in, p)
		if err != nil {
			return nil, false, err
		}
		now := c.now()
		// Of two clocks the one that makes uploads younger: a clock that is ahead must not make orphans.
		if theirs, ok := awsmiddleware.GetServerTime(out.ResultMetadata); ok && theirs.Before(now) {
			now = theirs
		}
		fresh := false
		for _, u := range out.Uploads {
			id := aws.ToString(u.UploadId)
			if seen[id] || !strings.HasPrefix(aws.ToString(u.Key), p.head) {
				continue
			}
			seen[id], fresh = true, true
			o := &openUpload{bucket: p.bucket, key: aws.ToString(u.Key), id: id}
			if u.Initiated != nil {
				o.age = now.Sub(*u.Initiated)
			}
			found = append(found, o)
		}
		if !aws.ToBool(out.IsTruncated) {
			return found, true, nil
		}
		if !fresh || aws.ToString(out.NextKeyMarker) == "" {
			return found, false, nil
		}
		in.KeyMarker, in.UploadIdMarker = out.NextKeyMarker, out.NextUploadIdMarker
	}
}

// page asks for a page. versitygw answers InvalidArgument when a page begins within the uploads of one key; there
// it is asked for the next key. Two uploads of one key are rare (an answer was lost), and the next run finds them.
func (c *cleaner) page(ctx context.Context, in *s3.ListMultipartUploadsInput, p place) (*s3.ListMultipartUploadsOutput, error) {
	out, err := c.svc.bucket(p.bucket).ListMultipartUploads(ctx, in, retryS3)
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "InvalidArgument" && in.UploadIdMarker != nil {
		in.UploadIdMarker = nil
		out, err = c.svc.bucket(p.bucket).ListMultipartUploads(ctx, in, retryS3)
	}
	if err != nil {
		return nil, explain(err, request{
			service: "S3", endpoint: aws.ToString(c.svc.s3.Options().BaseEndpoint), key: "s3.endpoint", region: c.svc.region,
			doing: "list the uploads under " + p.String(), thing: "the list of uploads of bucket " + p.bucket,
			missing: fmt.Sprintf("bucket %s does not exist", p.bucket),
			denied:  "allow s3:ListBucketMultipartUploads on bucket " + p.bucket,
		})
	}
	return out, nil
}
