package sink

import (
	"context"
	"errors"
)

// Upload names a multipart upload and the parts that make it whole.
type Upload struct {
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
	ID     string `json:"upload_id"`
	Parts  []Part `json:"parts,omitempty"`
}

// Part is one uploaded part.
type Part struct {
	Number int32  `json:"n"`
	ETag   string `json:"etag"`
	CRC32  string `json:"crc32"` // base64, as S3 gives it
	Size   int64  `json:"size"`
}

// What a Store may answer besides success. Every other error leaves open whether the request took effect.
var (
	ErrNoSuchUpload = errors.New("no such upload")         // completed, aborted or never there
	ErrNotFound     = errors.New("no such object")         // a plain 404
	ErrInvalidPart  = errors.New("parts do not match")     // Complete: an ETag or checksum is not the stored one
	ErrIncomplete   = errors.New("parts can not be found") // Complete can never succeed
	ErrTooLarge     = errors.New("longer than the limit")  // Read: the object has more bytes than it may
)

// Store is S3 as the sink needs it. Each call is one attempt. All methods may be called concurrently and
// repeated; what they wrote is durable when they return nil.
type Store interface {
	// Create starts an upload that is invisible until Complete; batch goes into the object's metadata.
	Create(ctx context.Context, bucket, key, batch string, form Form) (uploadID string, err error)
	// UploadPart sends part n. body is read, possibly more than once, before it returns.
	UploadPart(ctx context.Context, u Upload, n int32, body Segments) (Part, error)
	// Complete makes the upload visible. ErrNoSuchUpload may mean that it was completed before.
	Complete(ctx context.Context, u Upload) error
	// Parts lists the parts S3 holds of an open upload.
	Parts(ctx context.Context, u Upload) ([]Part, error)
	// Abort ends an upload so that it can never be completed; ErrNoSuchUpload when it is not open.
	Abort(ctx context.Context, u Upload) error
	// Batch gives the batch id in the metadata of a visible object, "" when it has none.
	Batch(ctx context.Context, bucket, key string) (string, error)
	// Read gives a whole object. One of more bytes than limit answers ErrTooLarge, and takes no more memory than that.
	Read(ctx context.Context, bucket, key string, limit int64) ([]byte, error)
	// Delete removes an object; of a missing one it is a success.
	Delete(ctx context.Context, bucket, key string) error
}

// Form says how an object is stored.
type Form struct {
	ContentType     string
	ContentEncoding string // "" sends none
}
