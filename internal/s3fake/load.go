package s3fake

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// load reads what an earlier server left in the folder.
func (s *Server) load() error {
	found, err := s.volume.list(".")
	if err != nil {
		return err
	}
	for _, e := range found {
		if !e.folder || gofakes3.ValidateBucketName(e.name) != nil {
			continue
		}
		b := newBucket(s.options.Now())
		s.buckets[e.name] = b
		if err := s.loadObjects(e.name, b); err != nil {
			return err
		}
		if err := s.loadUploads(e.name, b); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) loadObjects(bucketName string, b *bucket) error {
	dir := objectsFolder + "/" + bucketName
	found, err := s.volume.list(dir)
	if err != nil {
		return err
	}
	for _, e := range found {
		o := new(object)
		if err := s.read(dir+"/"+e.name, o); err != nil {
			return err
		}
		if s.size(o.File) != o.Size { // deleted or replaced by hand, or never put in place
			continue
		}
		b.objects[o.Key] = o
		if o.UploadID != "" {
			b.done[o.UploadID] = o
		}
	}
	return nil
}

func (s *Server) loadUploads(bucketName string, b *bucket) error {
	found, err := s.volume.list(uploadsFolder + "/" + bucketName)
	if err != nil {
		return err
	}
	for _, e := range found {
		dir := uploadFolder(bucketName, e.name)
		u := &upload{parts: map[int]*part{}}
		if b.done[e.name] != nil || s.read(dir+"/upload.json", u) != nil {
			// Completed, or deleted in part, when the process ended.
			if err := s.volume.removeAll(dir); err != nil {
				return err
			}
			continue
		}
		files, err := s.volume.list(dir)
		if err != nil {
			return err
		}
		for _, f := range files {
			if !strings.HasPrefix(f.name, "part-") || !strings.HasSuffix(f.name, ".json") {
				continue
			}
			p := new(part)
			if err := s.read(dir+"/"+f.name, p); err != nil {
				return err
			}
			if s.size(p.File) == p.Size {
				u.parts[p.Number] = p
			}
		}
		b.uploads[u.ID] = u
	}
	return nil
}

func (s *Server) read(name string, v any) error {
	f, err := s.volume.open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := json.NewDecoder(f).Decode(v); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// size is -1 for a file that can not be read.
func (s *Server) size(name string) int64 {
	f, err := s.volume.open(name)
	if err != nil {
		return -1
	}
	defer f.Close()
	n, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return -1
	}
	return n
}
