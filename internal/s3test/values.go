package s3test

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// keysOfAnyValues walks an upload through everything that is asked of one, with keys as values of partition keys make them.
func keysOfAnyValues(s *suite) {
	longest := strings.TrimSuffix(strings.Repeat(strings.Repeat("long", 50)+"/", 6), "/")
	for _, name := range []string{
		"k=a b+c&d%20e/x", "k=%2Fitems%2F5/x", "k=+/x", "k= /x", "k=a=b=c/x", "k==/x", "k=%/x", "k=%25/x", "k=%%/x", `k=back\slash/x`,
		"k=a?b#c/x", "k=[a]{b}^c`d|e~f/x", "k=\"double\" 'single'/x", "k=<a>&amp;b/x", "k=a:b;c,d@e!$*()/x", "k=größe/日本/\U0001f600/x",
		"k=e\u0301/x", "k=\u00e9/x", "k=\u200b\u2028/x", "k=.../x", "k=%2E%2E/x", "k=a./x", "k=-/x", "k=/items/5/x",
		longest[:1024-len(s.prefix)],
	} {
		key := s.key(name)
		aborted := s.create(key)
		s.must(s.abort(key, aborted))
		id := s.create(key)
		part := s.part(key, id, 1, []byte(name))
		if parts, err := s.listParts(key, id); err != nil || len(parts) != 1 {
			s.Errorf("%q: parts %v, %v", name, parts, err)
		}
		if !s.NoListBucket {
			uploads, err := s.Client.ListMultipartUploads(s.Context(), &s3.ListMultipartUploadsInput{Bucket: &s.Bucket, Prefix: key})
			if err != nil || len(uploads.Uploads) != 1 || *uploads.Uploads[0].Key != *key {
				s.Errorf("%q: uploads %v, %v", name, uploads, err)
			}
		}
		s.wantMissing(key)
		s.must(s.complete(key, id, part))
		s.wantObject(key, []byte(name))
		if !s.NoListBucket {
			listed, err := s.Client.ListObjectsV2(s.Context(), &s3.ListObjectsV2Input{Bucket: &s.Bucket, Prefix: key})
			if err != nil || len(listed.Contents) != 1 || *listed.Contents[0].Key != *key {
				s.Errorf("%q: listed %v, %v", name, listed, err)
			}
		}
		if h, err := s.head(key); err != nil || h.Metadata["batch"] != "b-17" {
			s.Errorf("%q: %v, %v", name, h, err)
		}
		_, err := s.Client.DeleteObject(s.Context(), &s3.DeleteObjectInput{Bucket: &s.Bucket, Key: key})
		s.must(err)
		s.wantMissing(key)
	}
	s.distinct()
}

// distinct: keys are bytes, so that neither case nor Unicode's forms of one letter make two the same.
func (s *suite) distinct() {
	names := []string{"k=a/x", "k=A/x", "k=e\u0301/x", "k=\u00e9/x", "k=%41/x", "k=+/x", "k= /x"}
	for _, name := range names {
		s.put(s.key(name), name)
	}
	for _, name := range names {
		s.wantObject(s.key(name), []byte(name))
	}
	if s.NoListBucket {
		return
	}
	listed, err := s.Client.ListObjectsV2(s.Context(), &s3.ListObjectsV2Input{Bucket: &s.Bucket, Prefix: s.key("k=")})
	s.must(err)
	var got []string
	for _, o := range listed.Contents {
		got = append(got, strings.TrimPrefix(*o.Key, s.prefix))
	}
	slices.Sort(names)
	if !slices.Equal(got, names) {
		s.Errorf("listed as %q, want %q", got, names)
	}
}
