package s3fake

import (
	"encoding/hex"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// backend is how gofakes3 sees the server.
type backend struct{ s *Server }

var _ gofakes3.Backend = (*backend)(nil)

// translate gives an error the type gofakes3 answers with its own code and message.
func translate(err error) error {
	if err == nil {
		return nil
	}
	e := asError(err)
	return gofakes3.ErrorMessage(gofakes3.ErrorCode(e.Code), e.Message)
}

func (d *backend) ListBuckets() ([]gofakes3.BucketInfo, error) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	var found []gofakes3.BucketInfo
	for _, name := range sortedKeys(d.s.buckets) {
		found = append(found, gofakes3.BucketInfo{Name: name, CreationDate: gofakes3.NewContentTime(d.s.buckets[name].created)})
	}
	return found, nil
}

func (d *backend) ListBucket(name string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	b := d.s.buckets[name]
	if b == nil {
		return nil, gofakes3.BucketNotFound(name)
	}
	if prefix == nil {
		prefix = &gofakes3.Prefix{}
	}
	list := gofakes3.NewObjectList()
	last := ""
	for _, key := range sortedKeys(b.objects) {
		common, ok := rollUp(key, prefix.Prefix, prefix.Delimiter)
		if !ok || page.HasMarker && key <= page.Marker || common != "" && (common == last || page.HasMarker && common == page.Marker) {
			continue
		}
		if page.MaxKeys > 0 && int64(len(list.Contents)+len(list.CommonPrefixes)) == page.MaxKeys {
			list.IsTruncated, list.NextMarker = true, last
			break
		}
		if last = common; common != "" {
			list.AddPrefix(common)
			continue
		}
		last = key
		o := b.objects[key]
		list.Add(&gofakes3.Content{
			Key: key, LastModified: gofakes3.NewContentTime(o.Modified), ETag: quote(o.ETag), Size: o.Size,
			StorageClass: gofakes3.StorageStandard,
		})
	}
	return list, nil
}

func (d *backend) CreateBucket(name string) error {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	if d.s.buckets[name] != nil {
		return gofakes3.ResourceError(gofakes3.ErrBucketAlreadyExists, name)
	}
	if err := d.s.volume.mkdir(name); err != nil {
		return translate(err)
	}
	d.s.buckets[name] = newBucket(d.s.options.Now())
	return nil
}

func (d *backend) BucketExists(name string) (bool, error) {
	return d.s.checkBucket(name) == nil, nil
}

func (d *backend) DeleteBucket(name string) error {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	b := d.s.buckets[name]
	switch {
	case b == nil:
		return gofakes3.BucketNotFound(name)
	case len(b.objects) > 0:
		return gofakes3.ResourceError(gofakes3.ErrBucketNotEmpty, name)
	}
	if foreign, err := d.s.volume.list(name); err != nil {
		return translate(err)
	} else if len(foreign) > 0 { // files that were put there by hand
		return gofakes3.ResourceError(gofakes3.ErrBucketNotEmpty, name)
	}
	return d.drop(name)
}

func (d *backend) ForceDeleteBucket(name string) error {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	if d.s.buckets[name] == nil {
		return gofakes3.BucketNotFound(name)
	}
	return d.drop(name)
}

func (d *backend) drop(name string) error {
	for _, dir := range []string{name, objectsFolder + "/" + name, oddFolder + "/" + name, uploadsFolder + "/" + name} {
		if err := d.s.volume.removeAll(dir); err != nil {
			return translate(err)
		}
	}
	delete(d.s.buckets, name)
	return nil
}

// GetObject serves copies only, so it needs no ranges.
func (d *backend) GetObject(bucket, key string, wanted *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	if wanted != nil {
		return nil, gofakes3.ErrNotImplemented
	}
	o, f, err := d.s.find(bucket, key)
	if err != nil {
		return nil, translate(err)
	}
	headers := map[string]string{"Last-Modified": o.Modified.Format(http.TimeFormat)}
	for name, v := range o.Headers {
		headers[name] = v
	}
	for name, v := range o.Metadata {
		headers[http.CanonicalHeaderKey(metaPrefix+name)] = v
	}
	sum, _, _ := strings.Cut(o.ETag, "-")
	hash, _ := hex.DecodeString(sum)
	return &gofakes3.Object{Name: key, Metadata: headers, Size: o.Size, Contents: f, Hash: hash}, nil
}

func (d *backend) HeadObject(bucket, key string) (*gofakes3.Object, error) {
	return d.GetObject(bucket, key, nil)
}

func (d *backend) DeleteObject(bucket, key string) (gofakes3.ObjectDeleteResult, error) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	b := d.s.buckets[bucket]
	if b == nil {
		return gofakes3.ObjectDeleteResult{}, gofakes3.BucketNotFound(bucket)
	}
	return gofakes3.ObjectDeleteResult{}, translate(d.s.unpublish(bucket, b, key))
}

func (d *backend) DeleteMulti(bucket string, keys ...string) (gofakes3.MultiDeleteResult, error) {
	var result gofakes3.MultiDeleteResult
	for _, key := range keys {
		if _, err := d.DeleteObject(bucket, key); err != nil {
			result.Error = append(result.Error, gofakes3.ErrorResult{Key: key, Code: gofakes3.ErrInternal, Message: err.Error()})
			continue
		}
		result.Deleted = append(result.Deleted, gofakes3.ObjectID{Key: key})
	}
	return result, nil
}

// PutObject stores copies; meta holds headers.
func (d *backend) PutObject(bucket, key string, meta map[string]string, body io.Reader, _ int64, when *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	given := http.Header{}
	for name, v := range meta {
		if slices.Contains(kept, name) || strings.HasPrefix(name, metaPrefix) {
			given.Set(name, v)
		}
	}
	headers, metadata, err := describe(given)
	if err != nil {
		return gofakes3.PutObjectResult{}, translate(err)
	}
	r := &http.Request{Header: http.Header{}, Body: io.NopCloser(body)}
	if when != nil && when.IfMatch != nil {
		r.Header.Set("If-Match", *when.IfMatch)
	}
	if when != nil && when.IfNoneMatch != nil {
		r.Header.Set("If-None-Match", *when.IfNoneMatch)
	}
	_, err = d.s.store(r, operation{bucket: bucket, key: key}, &object{Key: key, Headers: headers, Metadata: metadata})
	return gofakes3.PutObjectResult{}, translate(err)
}

func (d *backend) CopyObject(fromBucket, fromKey, toBucket, toKey string, meta map[string]string) (gofakes3.CopyObjectResult, error) {
	return gofakes3.CopyObject(d, fromBucket, fromKey, toBucket, toKey, meta)
}
