package s3test

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// list names the keys and common prefixes under a prefix, without it, page by page.
func (s *suite) list(prefix, delimiter string, page int32) (keys, prefixes []string) {
	s.Helper()
	in := &s3.ListObjectsV2Input{Bucket: &s.Bucket, Prefix: s.key(prefix), MaxKeys: &page}
	if delimiter != "" {
		in.Delimiter = &delimiter
	}
	pages := s3.NewListObjectsV2Paginator(s.Client, in)
	for pages.HasMorePages() {
		out, err := pages.NextPage(s.Context())
		s.must(err)
		if n := len(out.Contents) + len(out.CommonPrefixes); n > int(page) || int(*out.KeyCount) != n {
			s.Fatalf("a page of %d, KeyCount %d, want at most %d", n, *out.KeyCount, page)
		}
		for _, o := range out.Contents {
			keys = append(keys, (*o.Key)[len(s.prefix):])
		}
		for _, p := range out.CommonPrefixes {
			prefixes = append(prefixes, (*p.Prefix)[len(s.prefix):])
		}
	}
	return keys, prefixes
}

func (s *suite) wantList(got, want []string) {
	s.Helper()
	if !slices.Equal(got, want) {
		s.Errorf("listed %q, want %q", got, want)
	}
}

func listObjectsInPages(s *suite) {
	if s.NoListBucket {
		s.Skip("needs s3:ListBucket")
	}
	var want []string
	for i := range 7 {
		want = append(want, fmt.Sprintf("day/%d.json", i))
		s.put(s.key(want[i]), "x")
	}
	s.put(s.key("error/1.json"), "x")
	hidden := s.key("day/open.json")
	s.part(hidden, s.create(hidden), 1, []byte("x"))
	for _, page := range []int32{1, 3, 7, 1000} {
		got, _ := s.list("day/", "", page)
		s.wantList(got, want)
	}
	got, _ := s.list("da", "", 1000)
	s.wantList(got, want)
}

func listObjectsByDelimiter(s *suite) {
	if s.NoListBucket {
		s.Skip("needs s3:ListBucket")
	}
	for _, name := range []string{"d/a", "d/h=1/x", "d/h=1/y", "d/h=2/x", "d/h=2/i/z", "d/z", "e"} {
		s.put(s.key(name), "x")
	}
	for _, page := range []int32{1, 2, 1000} {
		keys, prefixes := s.list("d/", "/", page)
		s.wantList(keys, []string{"d/a", "d/z"})
		s.wantList(prefixes, []string{"d/h=1/", "d/h=2/"})
		keys, prefixes = s.list("d", "/", page)
		s.wantList(keys, nil)
		s.wantList(prefixes, []string{"d/"})
	}
}

func listParts(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	var want []types.CompletedPart
	for _, n := range []int32{9, 1, 3} {
		want = append(want, s.part(key, id, n, fmt.Appendf(nil, "part %d", n)))
	}
	slices.SortFunc(want, func(a, b types.CompletedPart) int { return int(*a.PartNumber - *b.PartNumber) })
	for _, page := range []int32{2, 1000} {
		var got []types.Part
		pages := s3.NewListPartsPaginator(s.Client, &s3.ListPartsInput{Bucket: &s.Bucket, Key: key, UploadId: id, MaxParts: &page})
		for pages.HasMorePages() {
			out, err := pages.NextPage(s.Context())
			s.must(err)
			got = append(got, out.Parts...)
		}
		if len(got) != len(want) {
			s.Fatalf("%d parts are listed, want %d", len(got), len(want))
		}
		for i, p := range got {
			if *p.PartNumber != *want[i].PartNumber || *p.ETag != *want[i].ETag || *p.Size != 6 ||
				p.ChecksumCRC32 == nil || *p.ChecksumCRC32 != *want[i].ChecksumCRC32 {
				s.Errorf("part %d is listed as %+v, want %+v", i, p, want[i])
			}
		}
	}
}

// openUploads lists the uploads of this test, a page of the given size at a time (0: the server's).
func (s *suite) openUploads(page int32) []types.MultipartUpload {
	s.Helper()
	in := &s3.ListMultipartUploadsInput{Bucket: &s.Bucket, Prefix: &s.prefix}
	if page > 0 {
		in.MaxUploads = &page
	}
	var found []types.MultipartUpload
	for range 100 {
		out, err := s.Client.ListMultipartUploads(s.Context(), in)
		s.must(err)
		if page > 0 && len(out.Uploads) > int(page) {
			s.Fatalf("a page of %d uploads, want at most %d", len(out.Uploads), page)
		}
		found = append(found, out.Uploads...)
		if out.IsTruncated == nil || !*out.IsTruncated {
			return found
		}
		in.KeyMarker, in.UploadIdMarker = out.NextKeyMarker, out.NextUploadIdMarker
	}
	s.Fatal("the listing of uploads does not end")
	return nil
}

func listUploadsByPrefix(s *suite) {
	open := map[string]bool{}
	for _, name := range []string{"a", "b", "b", "b", "c"} {
		open[*s.create(s.key(name))] = true
	}
	for _, page := range []int32{0, 1, 2} {
		if page > 0 && s.NoUploadPages {
			continue
		}
		got := s.openUploads(page)
		if len(got) != len(open) || !slices.IsSortedFunc(got, byKey) {
			s.Fatalf("page size %d: uploads %v, want 5 sorted by key", page, got)
		}
		for _, u := range got {
			if !open[*u.UploadId] || u.Initiated == nil {
				s.Errorf("upload %s is listed, started %v", *u.UploadId, u.Initiated)
			}
		}
	}
	out, err := s.Client.ListMultipartUploads(s.Context(), &s3.ListMultipartUploadsInput{Bucket: &s.Bucket, Prefix: s.key("b")})
	s.must(err)
	if len(out.Uploads) != 3 {
		s.Errorf("%d uploads with the prefix, want 3", len(out.Uploads))
	}
}

func byKey(a, b types.MultipartUpload) int {
	if *a.Key < *b.Key {
		return -1
	} else if *a.Key > *b.Key {
		return 1
	}
	return 0
}
