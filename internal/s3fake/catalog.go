package s3fake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

type bucket struct {
	created time.Time
	objects map[string]*object
	uploads map[string]*upload // by id
	done    map[string]*object // completed uploads by id, for Options.RepeatComplete
}

func newBucket(created time.Time) *bucket {
	return &bucket{created, map[string]*object{}, map[string]*upload{}, map[string]*object{}}
}

// object is an object's metadata, kept as JSON. It is never changed once it is in a bucket.
type object struct {
	Key      string            `json:"key"`
	File     string            `json:"file"` // where the volume keeps its bytes
	Size     int64             `json:"size"`
	ETag     string            `json:"etag"` // without quotes
	Modified time.Time         `json:"modified"`
	Headers  map[string]string `json:"headers,omitempty"`  // those S3 gives back as they came
	Metadata map[string]string `json:"metadata,omitempty"` // x-amz-meta-*, names in lower case
	Checksum *checksum         `json:"checksum,omitempty"`
	UploadID string            `json:"upload_id,omitempty"` // "" unless made by a multipart upload
}

// upload is an open multipart upload. mu is held by what changes its state, so completing, aborting and the
// registering of parts exclude each other; it is taken before Server.mu, which guards parts.
type upload struct {
	ID        string            `json:"id"`
	Key       string            `json:"key"`
	Initiated time.Time         `json:"initiated"`
	Headers   map[string]string `json:"headers,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"`
	Algorithm string            `json:"algorithm,omitempty"` // "" when Create named none
	Type      string            `json:"type,omitempty"`

	mu     sync.Mutex
	closed bool
	parts  map[int]*part
}

type part struct {
	Number    int               `json:"number"`
	File      string            `json:"file"`
	Size      int64             `json:"size"`
	ETag      string            `json:"etag"`
	Modified  time.Time         `json:"modified"`
	Checksums map[string]string `json:"checksums,omitempty"`
}

func hashed(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

func objectState(bucket, key string) string {
	return objectsFolder + "/" + bucket + "/" + hashed(key) + ".json"
}

// plain tells whether a key can be a path on the usual file systems.
func plain(key string) bool {
	if !filepath.IsLocal(key) || strings.ContainsAny(key, `\:`) {
		return false
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment == "." || segment == ".." || len(segment) > 255 {
			return false
		}
	}
	return !strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// place says where the bytes of an object go.
func (s *Server) place(bucket, key string) string {
	if name := bucket + "/" + key; plain(key) && s.volume.fits(name) {
		return name
	}
	return oddFolder + "/" + bucket + "/" + hashed(key)
}

// checkKey refuses what S3 refuses as a new key.
func checkKey(key string) error {
	if len(key) > 1024 {
		return failure(http.StatusBadRequest, "KeyTooLongError", "Your key is too long")
	}
	if !utf8.ValidString(key) {
		return failure(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI.")
	}
	return nil
}

// save writes v as JSON, in one step.
func (s *Server) save(name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	temp := temporary()
	if _, err = s.volume.write(temp, bytes.NewReader(text)); err == nil {
		err = s.volume.rename(temp, name)
	}
	if err != nil {
		_ = s.volume.remove(temp)
		return fmt.Errorf("save %s: %w", name, err)
	}
	return nil
}

// publish makes staged the object o of b; the caller holds s.mu. The metadata goes first: should the process end
// between the two steps, load finds metadata whose file does not match and the object was never there.
func (s *Server) publish(bucketName string, b *bucket, o *object, staged string) error {
	old := b.objects[o.Key]
	o.File = s.place(bucketName, o.Key)
	state := objectState(bucketName, o.Key)
	if err := s.save(state, o); err != nil {
		return err
	}
	if err := s.volume.rename(staged, o.File); err != nil {
		var undo error
		if old != nil {
			undo = s.save(state, old)
		} else {
			undo = s.volume.remove(state)
		}
		return fmt.Errorf("put object %s/%s in place: %w", bucketName, o.Key, errors.Join(err, undo))
	}
	b.objects[o.Key] = o
	if old != nil && old.File != o.File {
		return s.volume.remove(old.File)
	}
	return nil
}

// unpublish deletes an object; the caller holds s.mu.
func (s *Server) unpublish(bucketName string, b *bucket, key string) error {
	o := b.objects[key]
	if o == nil {
		return nil
	}
	if err := s.volume.remove(o.File); err != nil {
		return fmt.Errorf("delete object %s/%s: %w", bucketName, key, err)
	}
	delete(b.objects, key)
	return s.volume.remove(objectState(bucketName, key))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
