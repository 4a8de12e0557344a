package s3test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Env is a server and what is particular to it. The zero of each field below Bucket is Amazon S3's behaviour as
// its documentation has it.
type Env struct {
	Client *s3.Client // best without retries: some tests provoke errors the SDK would retry
	Bucket string     // exists

	// RepeatComplete: completing a completed upload again succeeds. False: it may succeed or answer NoSuchUpload.
	RepeatComplete bool
	// StrictComplete: completing a completed upload again must answer NoSuchUpload.
	StrictComplete bool
	// AbortAfterComplete: aborting a completed upload may succeed (the object stays in any case).
	AbortAfterComplete bool
	// NoListBucket: the caller lacks s3:ListBucket, so a missing key is 403.
	NoListBucket bool
	// NoUploadPages: ListMultipartUploads can not be read page by page.
	NoUploadPages bool
	// LaxRaces: of requests that end one upload at the same time, a loser may get another error than
	// NoSuchUpload, or success.
	LaxRaces bool
	// Races is how often a race is run, 20 when 0.
	Races int
}

// Run runs the contract as subtests of t.
func Run(t *testing.T, env Env) {
	if env.Races == 0 {
		env.Races = 20
	}
	for _, c := range []struct {
		name string
		fn   func(*suite)
	}{
		{"UploadIsInvisibleUntilCompleted", uploadIsInvisibleUntilCompleted},
		{"MetadataOfCreationIsOnTheObject", metadataOfCreationIsOnTheObject},
		{"ETagNamesThePartCount", etagNamesThePartCount},
		{"UploadedAgainReplacesPart", uploadedAgainReplacesPart},
		{"CompleteMayLeavePartsOut", completeMayLeavePartsOut},
		{"CompleteNeedsTheETags", completeNeedsTheETags},
		{"CompleteNeedsAscendingParts", completeNeedsAscendingParts},
		{"CompleteRefusesSmallParts", completeRefusesSmallParts},
		{"CompleteNeedsParts", completeNeedsParts},
		{"PartNumbersHaveLimits", partNumbersHaveLimits},
		{"CompletedUploadIsGone", completedUploadIsGone},
		{"AbortedUploadIsGone", abortedUploadIsGone},
		{"UnknownUploadIsRefused", unknownUploadIsRefused},
		{"CompleteAgain", completeAgain},
		{"CompleteAndAbortExcludeEachOther", completeAndAbortExcludeEachOther},
		{"CompletesAtOnceMakeOneObject", completesAtOnceMakeOneObject},
		{"UploadsOfOneKeyAreApart", uploadsOfOneKeyAreApart},
		{"CompleteNeedsTheChecksums", completeNeedsTheChecksums},
		{"PartNeedsTheNamedChecksum", partNeedsTheNamedChecksum},
		{"BadDigestIsRefused", badDigestIsRefused},
		{"BadObjectDigestIsRefused", badObjectDigestIsRefused},
		{"CreateOnlyIfAbsent", createOnlyIfAbsent},
		{"MissingKey", missingKey},
		{"MissingBucket", missingBucket},
		{"PutGetRangeDelete", putGetRangeDelete},
		{"OverwriteReplacesMetadata", overwriteReplacesMetadata},
		{"KeysOfPartitions", keysOfPartitions},
		{"KeysOfAnyValues", keysOfAnyValues},
		{"ListObjectsInPages", listObjectsInPages},
		{"ListObjectsByDelimiter", listObjectsByDelimiter},
		{"ListParts", listParts},
		{"ListUploadsByPrefix", listUploadsByPrefix},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &suite{T: t, Env: env, prefix: "s3test/" + rand.Text() + "/"}
			t.Cleanup(s.sweep)
			c.fn(s)
		})
	}
}

type suite struct {
	*testing.T
	Env
	prefix string
}

// sweep aborts and deletes what the test made.
func (s *suite) sweep() {
	ctx := context.Background()
	uploads, err := s.Client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &s.Bucket, Prefix: &s.prefix})
	if err == nil {
		for _, u := range uploads.Uploads {
			_, _ = s.Client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.Bucket, Key: u.Key, UploadId: u.UploadId})
		}
	}
	objects, err := s.Client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &s.Bucket, Prefix: &s.prefix})
	if err == nil {
		for _, o := range objects.Contents {
			_, _ = s.Client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.Bucket, Key: o.Key})
		}
	}
}

func (s *suite) key(name string) *string { k := s.prefix + name; return &k }

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// code is S3's error code; "404" and the like when the answer had no body (HEAD), "" for success.
func code(err error) string {
	if err == nil {
		return ""
	}
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.Response.Request != nil && response.Response.StatusCode != http.StatusOK {
		if api := smithy.APIError(nil); errors.As(err, &api) && api.ErrorCode() != "" && api.ErrorCode() != "UnknownError" {
			return api.ErrorCode()
		}
		return fmt.Sprint(response.HTTPStatusCode())
	}
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return api.ErrorCode()
	}
	return err.Error()
}

// status is the HTTP status of a failed call, 0 when it got no answer.
func status(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

func (s *suite) wantCode(err error, codes ...string) {
	s.Helper()
	if got := code(err); !slices.Contains(codes, got) {
		s.Fatalf("got %q (%v), want one of %q", got, err, codes)
	}
}

func (s *suite) create(key *string) *string {
	s.Helper()
	out, err := s.Client.CreateMultipartUpload(s.Context(), &s3.CreateMultipartUploadInput{
		Bucket: &s.Bucket, Key: key, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
		ContentType: ptr("application/x-ndjson"), Metadata: map[string]string{"batch": "b-17", "Mixed-Case": "Yes"},
	})
	s.must(err)
	return out.UploadId
}

// tryPart uploads a part with its CRC32.
func (s *suite) tryPart(key, id *string, number int32, data []byte) (types.CompletedPart, error) {
	out, err := s.Client.UploadPart(s.Context(), &s3.UploadPartInput{
		Bucket: &s.Bucket, Key: key, UploadId: id, PartNumber: &number, Body: bytes.NewReader(data),
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
	})
	if err != nil {
		return types.CompletedPart{}, err
	}
	return types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32: ptr(crc(data))}, nil
}

func (s *suite) part(key, id *string, number int32, data []byte) types.CompletedPart {
	s.Helper()
	p, err := s.tryPart(key, id, number, data)
	s.must(err)
	return p
}

func (s *suite) complete(key, id *string, parts ...types.CompletedPart) error {
	_, err := s.Client.CompleteMultipartUpload(s.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: &s.Bucket, Key: key, UploadId: id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	return err
}

func (s *suite) abort(key, id *string) error {
	_, err := s.Client.AbortMultipartUpload(s.Context(), &s3.AbortMultipartUploadInput{Bucket: &s.Bucket, Key: key, UploadId: id})
	return err
}

func (s *suite) listParts(key, id *string) ([]types.Part, error) {
	out, err := s.Client.ListParts(s.Context(), &s3.ListPartsInput{Bucket: &s.Bucket, Key: key, UploadId: id})
	if err != nil {
		return nil, err
	}
	return out.Parts, nil
}

func (s *suite) head(key *string) (*s3.HeadObjectOutput, error) {
	return s.Client.HeadObject(s.Context(), &s3.HeadObjectInput{Bucket: &s.Bucket, Key: key})
}

func (s *suite) put(key *string, data string) {
	s.Helper()
	_, err := s.Client.PutObject(s.Context(), &s3.PutObjectInput{Bucket: &s.Bucket, Key: key, Body: bytes.NewReader([]byte(data))})
	s.must(err)
}

func (s *suite) wantObject(key *string, want []byte) {
	s.Helper()
	out, err := s.Client.GetObject(s.Context(), &s3.GetObjectInput{Bucket: &s.Bucket, Key: key})
	s.must(err)
	defer out.Body.Close()
	got, err := io.ReadAll(out.Body)
	s.must(err)
	if !bytes.Equal(got, want) {
		s.Fatalf("%s holds %d bytes (%.40q), want %d (%.40q)", *key, len(got), got, len(want), want)
	}
}

func (s *suite) wantMissing(key *string) {
	s.Helper()
	want := http.StatusNotFound
	if s.NoListBucket {
		want = http.StatusForbidden
	}
	if _, err := s.head(key); status(err) != want {
		s.Fatalf("HEAD of %s: %v, want status %d", *key, err, want)
	}
}

// full is a part of the least size that need not be the last.
func full(fill byte) []byte { return bytes.Repeat([]byte{fill}, 5<<20) }

func crc(data []byte) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data)))
}

func md5Of(data []byte) []byte { sum := md5.Sum(data); return sum[:] }

func ptr[T any](v T) *T { return &v }
