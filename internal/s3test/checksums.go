package s3test

import (
	"bytes"
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func completeNeedsTheChecksums(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	p := s.part(key, id, 1, []byte("one"))
	without := p
	without.ChecksumCRC32 = nil
	s.wantCode(s.complete(key, id, without), "InvalidRequest", "InvalidPart")
	wrong := p
	wrong.ChecksumCRC32 = ptr(crc([]byte("two")))
	s.wantCode(s.complete(key, id, wrong), "InvalidPart")
	s.wantMissing(key)
	s.must(s.complete(key, id, p))
}

func partNeedsTheNamedChecksum(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	_, err := s.Client.UploadPart(s.Context(), &s3.UploadPartInput{
		Bucket: &s.Bucket, Key: key, UploadId: id, PartNumber: ptr(int32(1)), Body: bytes.NewReader([]byte("one")),
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
	})
	s.wantCode(err, "InvalidRequest")
	parts, err := s.listParts(key, id)
	s.must(err)
	if len(parts) != 0 {
		s.Fatalf("the refused part is listed: %v", parts)
	}
}

func badDigestIsRefused(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	other := []byte("other bytes")
	for _, c := range []struct {
		name string
		edit func(*s3.UploadPartInput)
	}{
		{"Content-MD5", func(in *s3.UploadPartInput) {
			in.ContentMD5 = ptr(base64.StdEncoding.EncodeToString(md5Of(other)))
			in.ChecksumAlgorithm = types.ChecksumAlgorithmCrc32
		}},
		{"x-amz-checksum-crc32", func(in *s3.UploadPartInput) { in.ChecksumCRC32 = ptr(crc(other)) }},
	} {
		in := &s3.UploadPartInput{
			Bucket: &s.Bucket, Key: key, UploadId: id, PartNumber: ptr(int32(1)), Body: bytes.NewReader([]byte("one")),
		}
		c.edit(in)
		_, err := s.Client.UploadPart(s.Context(), in)
		if code(err) != "BadDigest" {
			s.Errorf("%s: %v, want BadDigest", c.name, err)
		}
	}
	parts, err := s.listParts(key, id)
	s.must(err)
	if len(parts) != 0 {
		s.Fatalf("a refused part is listed: %v", parts)
	}
}

func badObjectDigestIsRefused(s *suite) {
	key := s.key("clicks.json")
	_, err := s.Client.PutObject(s.Context(), &s3.PutObjectInput{
		Bucket: &s.Bucket, Key: key, Body: bytes.NewReader([]byte("one")), ChecksumCRC32: ptr(crc([]byte("two"))),
	})
	s.wantCode(err, "BadDigest")
	s.wantMissing(key)
}
