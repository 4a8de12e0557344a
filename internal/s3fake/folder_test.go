package s3fake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"standpipe/internal/s3fake"
)

func ptr[T any](v T) *T { return &v }

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func put(t *testing.T, c *s3.Client, key, data string) {
	t.Helper()
	_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: ptr("lake"), Key: &key, Body: strings.NewReader(data)})
	if err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, c *s3.Client, key string) string {
	t.Helper()
	out, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{
		Bucket: ptr("lake"), Key: &key, Metadata: map[string]string{"batch": "b-1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return *out.UploadId
}

func uploadPart(t *testing.T, c *s3.Client, key, id string, number int32, data []byte) types.CompletedPart {
	t.Helper()
	out, err := c.UploadPart(t.Context(), &s3.UploadPartInput{
		Bucket: ptr("lake"), Key: &key, UploadId: &id, PartNumber: &number, Body: bytes.NewReader(data),
	})
	if err != nil {
		t.Fatal(err)
	}
	return types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32}
}

func complete(ctx context.Context, c *s3.Client, key, id string, parts ...types.CompletedPart) error {
	_, err := c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: ptr("lake"), Key: &key, UploadId: &id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	return err
}

// files lists a folder's files, those of the server itself left out.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if e.IsDir() && e.Name() == ".s3fake" {
			return fs.SkipDir
		}
		if !e.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			found = append(found, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestCompletedObjectIsAPlainFile(t *testing.T) {
	dir := t.TempDir()
	c := inProcess(open(t, s3fake.Options{Dir: dir}))
	key := "year=2025/month=01/a.json"
	id := create(t, c, key)
	part := uploadPart(t, c, key, id, 1, []byte("one\n"))
	if got := files(t, dir); len(got) != 0 {
		t.Fatalf("files %v before the upload is completed", got)
	}
	if err := complete(t.Context(), c, key, id, part); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "lake", "year=2025", "month=01", "a.json"))
	if err != nil || string(got) != "one\n" {
		t.Fatalf("%q, %v", got, err)
	}
	if _, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: ptr("lake"), Key: &key}); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Join(dir, "lake"))
	if err != nil || len(left) != 0 {
		t.Fatalf("left after the deletion: %v, %v", left, err)
	}
}

func TestRestartKeepsObjectsAndUploads(t *testing.T) {
	dir := t.TempDir()
	first := open(t, s3fake.Options{Dir: dir})
	c := inProcess(first)
	done, open1, aborted := "a/done.json", "a/open.json", "a/aborted.json"
	id := create(t, c, done)
	if err := complete(t.Context(), c, done, id, uploadPart(t, c, done, id, 1, []byte("done"))); err != nil {
		t.Fatal(err)
	}
	put(t, c, "a/../../b", "odd")
	openID := create(t, c, open1)
	uploadPart(t, c, open1, openID, 1, []byte("replaced"))
	part := uploadPart(t, c, open1, openID, 1, []byte("kept"))
	if err := first.Drop("lake", aborted, create(t, c, aborted)); err != nil {
		t.Fatal(err)
	}
	before, uploads := first.Objects("lake"), first.Uploads("lake")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second := open(t, s3fake.Options{Dir: dir})
	if got, want := fmt.Sprint(second.Objects("lake")), fmt.Sprint(before); got != want {
		t.Errorf("objects after the restart\n%s\nbefore\n%s", got, want)
	}
	if got, want := fmt.Sprint(second.Uploads("lake")), fmt.Sprint(uploads); got != want || len(uploads) != 1 {
		t.Errorf("uploads after the restart\n%s\nbefore\n%s", got, want)
	}
	c = inProcess(second)
	if err := complete(t.Context(), c, open1, openID, part); err != nil {
		t.Fatal(err)
	}
	if got := read(t, second, open1); got != "kept" {
		t.Errorf("completed after the restart: %q", got)
	}
	if got := read(t, second, "a/../../b"); got != "odd" {
		t.Errorf("odd key after the restart: %q", got)
	}
	if err := complete(t.Context(), c, done, id, part); code(err) != "NoSuchUpload" {
		t.Errorf("completed before the restart and again after: %v", err)
	}
}

func read(t *testing.T, s *s3fake.Server, key string) string {
	t.Helper()
	f, err := s.Open("lake", key)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestFileDeletedByHandIsAMissingKey(t *testing.T) {
	dir := t.TempDir()
	s := open(t, s3fake.Options{Dir: dir})
	c := inProcess(s)
	put(t, c, "a", "x")
	if err := os.Remove(filepath.Join(dir, "lake", "a")); err != nil {
		t.Fatal(err)
	}
	_, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: ptr("lake"), Key: ptr("a")})
	if code(err) != "NoSuchKey" {
		t.Errorf("GET: %v", err)
	}
	_ = s.Close()
	if left := open(t, s3fake.Options{Dir: dir}).Objects("lake"); len(left) != 0 {
		t.Errorf("objects after a restart: %v", left)
	}
}

func TestHostileKeysStayInside(t *testing.T) {
	outside := t.TempDir()
	dir := filepath.Join(outside, "s3")
	s := open(t, s3fake.Options{Dir: dir})
	c := inProcess(s)
	keys := []string{
		"../escape", "a/../../escape", "..", ".", "./a", "/leading", "//", "a//b", "a/", "trailing/", "a/./b",
		"nul\x00byte", "line\nbreak", "back\\slash", "c:drive", strings.Repeat("long", 100), strings.Repeat("d/", 500),
		"\u202ertl", "file", "file/below", "file/below/more", "tree/leaf", "tree", ".s3fake", "CON", strings.Repeat("k", 1024),
	}
	for _, key := range keys {
		put(t, c, key, "data of "+key)
	}
	for _, key := range keys {
		if got := read(t, s, key); got != "data of "+key {
			t.Errorf("%q holds %.40q", key, got)
		}
	}
	if got := len(s.Objects("lake")); got != len(keys) {
		t.Errorf("%d objects, want %d", got, len(keys))
	}
	found, err := os.ReadDir(outside)
	if err != nil || len(found) != 1 {
		t.Fatalf("beside the folder: %v, %v", found, err)
	}
	if found, _ = os.ReadDir(dir); len(found) != 2 { // lake and .s3fake
		t.Fatalf("in the folder: %v", found)
	}
	for _, key := range keys {
		if _, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: ptr("lake"), Key: &key}); err != nil {
			t.Errorf("delete %q: %v", key, err)
		}
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left after the deletions: %v", left)
	}
	for key, want := range map[string]string{strings.Repeat("k", 1025): "KeyTooLongError", "bad\xffutf8": "InvalidURI"} {
		_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: ptr("lake"), Key: &key, Body: strings.NewReader("x")})
		if code(err) != want {
			t.Errorf("put %.20q: %v, want %s", key, err, want)
		}
	}
}

func TestLinksOutOfTheFolderAreNotFollowed(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	s := open(t, s3fake.Options{Dir: dir})
	if err := os.Symlink(outside, filepath.Join(dir, "lake", "link")); err != nil {
		t.Skip(err)
	}
	put(t, inProcess(s), "link/file", "x")
	if found, _ := os.ReadDir(outside); len(found) != 0 {
		t.Fatalf("written through the link: %v", found)
	}
	if got := read(t, s, "link/file"); got != "x" {
		t.Fatalf("holds %q", got)
	}
}

func TestUnwritableFolderIsToldAtStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := s3fake.New(s3fake.Options{Dir: filepath.Join(file, "below")})
	if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "not a directory") {
		t.Fatalf("got %v", err)
	}
	if _, err = s3fake.New(s3fake.Options{Buckets: []string{"Not_A_Bucket"}}); err == nil {
		t.Fatal("a bad bucket name was taken")
	}
}

func TestFailedWriteIsAnInternalErrorWithItsCause(t *testing.T) {
	dir := t.TempDir()
	s := open(t, s3fake.Options{Dir: dir})
	c := inProcess(s)
	id := create(t, c, "a")
	part := uploadPart(t, c, "a", id, 1, []byte("one"))
	temp := filepath.Join(dir, ".s3fake", "tmp")
	if err := os.RemoveAll(temp); err != nil {
		t.Fatal(err)
	}
	_, err := c.UploadPart(t.Context(), &s3.UploadPartInput{
		Bucket: ptr("lake"), Key: ptr("a"), UploadId: &id, PartNumber: ptr(int32(2)), Body: strings.NewReader("x"),
	})
	if code(err) != "InternalError" || !strings.Contains(err.Error(), "write part 2") || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("UploadPart: %v", err)
	}
	if err := complete(t.Context(), c, "a", id, part); code(err) != "InternalError" {
		t.Errorf("CompleteMultipartUpload: %v", err)
	}
	if err := os.Mkdir(temp, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := complete(t.Context(), c, "a", id, part); err != nil {
		t.Errorf("after the repair: %v", err)
	}
}
