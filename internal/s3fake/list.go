package s3fake

import (
	"cmp"
	"encoding/xml"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	maxListed  = 1000
	timeFormat = "2006-01-02T15:04:05.000Z"
)

type partElement struct {
	PartNumber   int
	LastModified string
	ETag         string
	Size         int64
	Checksums    []xmlValue
}

func (s *Server) listParts(w http.ResponseWriter, op operation) error {
	limit, err := op.intParameter("max-parts", maxListed, maxListed)
	if err != nil {
		return err
	}
	marker, err := op.intParameter("part-number-marker", 0, maxPartNumber)
	if err != nil {
		return err
	}
	_, u, err := s.upload(op.bucket, op.key, op.query.Get("uploadId"))
	if err != nil {
		return err
	}
	result := struct {
		XMLName              xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListPartsResult"`
		Bucket               string
		Key                  string
		UploadID             string `xml:"UploadId"`
		PartNumberMarker     int
		NextPartNumberMarker int `xml:",omitempty"`
		MaxParts             int
		IsTruncated          bool
		Part                 []partElement
		StorageClass         string
		ChecksumAlgorithm    string `xml:",omitempty"`
		ChecksumType         string `xml:",omitempty"`
	}{
		Bucket: op.bucket, Key: u.Key, UploadID: u.ID, PartNumberMarker: marker, MaxParts: limit,
		StorageClass: "STANDARD", ChecksumAlgorithm: u.Algorithm, ChecksumType: u.Type,
	}
	s.mu.Lock()
	for _, number := range sortedNumbers(u.parts) {
		if number <= marker {
			continue
		}
		if len(result.Part) == limit {
			result.IsTruncated = true
			break
		}
		p := u.parts[number]
		e := partElement{PartNumber: number, LastModified: p.Modified.Format(timeFormat), ETag: quote(p.ETag), Size: p.Size}
		if v := p.Checksums[u.Algorithm]; v != "" {
			e.Checksums = []xmlValue{xmlChecksum(u.Algorithm, v)}
		}
		result.Part = append(result.Part, e)
		result.NextPartNumberMarker = number
	}
	s.mu.Unlock()
	writeXML(w, http.StatusOK, result)
	return nil
}

func sortedNumbers(parts map[int]*part) []int {
	numbers := make([]int, 0, len(parts))
	for n := range parts {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers
}

type uploadElement struct {
	Key               string
	UploadID          string `xml:"UploadId"`
	StorageClass      string
	Initiated         string
	ChecksumAlgorithm string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
}

type uploadsResult struct {
	XMLName            xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListMultipartUploadsResult"`
	Bucket             string
	KeyMarker          string
	UploadIDMarker     string `xml:"UploadIdMarker"`
	NextKeyMarker      string `xml:",omitempty"`
	NextUploadIDMarker string `xml:"NextUploadIdMarker,omitempty"`
	Prefix             string
	Delimiter          string `xml:",omitempty"`
	MaxUploads         int
	IsTruncated        bool
	Upload             []uploadElement
	CommonPrefixes     []commonPrefix
}

type commonPrefix struct{ Prefix string }

func (s *Server) listUploads(w http.ResponseWriter, op operation) error {
	limit, err := op.intParameter("max-uploads", maxListed, maxListed)
	if err != nil {
		return err
	}
	s.mu.Lock()
	b := s.buckets[op.bucket]
	if b == nil {
		s.mu.Unlock()
		return errNoSuchBucket
	}
	open := b.openUploads()
	s.mu.Unlock()
	result := uploadsResult{
		Bucket: op.bucket, KeyMarker: op.query.Get("key-marker"), UploadIDMarker: op.query.Get("upload-id-marker"),
		Prefix: op.query.Get("prefix"), Delimiter: op.query.Get("delimiter"), MaxUploads: limit,
	}
	if result.KeyMarker != "" {
		open = after(open, result.KeyMarker, result.UploadIDMarker)
	}
	for _, u := range open {
		common, ok := rollUp(u.Key, result.Prefix, result.Delimiter)
		if !ok || common != "" && (common == result.KeyMarker || seen(result.CommonPrefixes, common)) {
			continue
		}
		if len(result.Upload)+len(result.CommonPrefixes) == limit {
			result.IsTruncated = true
			break
		}
		if common != "" {
			result.CommonPrefixes = append(result.CommonPrefixes, commonPrefix{common})
			result.NextKeyMarker, result.NextUploadIDMarker = common, ""
			continue
		}
		result.Upload = append(result.Upload, uploadElement{
			u.Key, u.ID, "STANDARD", u.Initiated.Format(timeFormat), u.Algorithm, u.Type,
		})
		result.NextKeyMarker, result.NextUploadIDMarker = u.Key, u.ID
	}
	if !result.IsTruncated {
		result.NextKeyMarker, result.NextUploadIDMarker = "", ""
	}
	writeXML(w, http.StatusOK, result)
	return nil
}

// openUploads are in the order S3 lists them: by key, then by time.
func (b *bucket) openUploads() []*upload {
	open := make([]*upload, 0, len(b.uploads))
	for _, u := range b.uploads {
		open = append(open, u)
	}
	slices.SortFunc(open, func(x, y *upload) int {
		return cmp.Or(strings.Compare(x.Key, y.Key), x.Initiated.Compare(y.Initiated), strings.Compare(x.ID, y.ID))
	})
	return open
}

// after drops the uploads a page before this one has shown. Without an upload id all of the marked key are dropped.
func after(open []*upload, key, id string) []*upload {
	var marked time.Time
	for _, u := range open {
		if u.Key == key && u.ID == id {
			marked = u.Initiated
		}
	}
	return slices.DeleteFunc(open, func(u *upload) bool {
		if u.Key != key {
			return u.Key < key
		}
		return id == "" || u.Initiated.Before(marked) || u.Initiated.Equal(marked) && u.ID <= id
	})
}

// rollUp tells whether a key has the prefix, and the common prefix it is listed under, "" for itself.
func rollUp(key, prefix, delimiter string) (common string, ok bool) {
	rest, ok := strings.CutPrefix(key, prefix)
	if !ok || delimiter == "" {
		return "", ok
	}
	if i := strings.Index(rest, delimiter); i >= 0 {
		return prefix + rest[:i+len(delimiter)], true
	}
	return "", true
}

func seen(prefixes []commonPrefix, p string) bool {
	return len(prefixes) > 0 && prefixes[len(prefixes)-1].Prefix == p
}
