package s3fake

import (
	"net/http"
	"net/url"
	"strings"
)

// operation is what a request asks for, named as in the S3 API reference.
type operation struct {
	name   string
	bucket string
	key    string
	query  url.Values
}

// object is what a fault sees the operation act on.
func (o operation) object() string {
	if o.key == "" {
		return o.bucket
	}
	return o.bucket + "/" + o.key
}

// subresources are the parts of a bucket or an object that neither we nor gofakes3 keep. gofakes3 would take
// such a request for one about the object itself.
var subresources = []string{
	"accelerate", "acl", "analytics", "attributes", "cors", "encryption", "intelligent-tiering", "inventory",
	"legal-hold", "lifecycle", "logging", "metrics", "notification", "object-lock", "ownershipControls", "policy",
	"policyStatus", "publicAccessBlock", "replication", "requestPayment", "restore", "retention", "select",
	"tagging", "torrent", "website",
}

const unsupported = "Unsupported"

// parse reads the operation off a path-style request.
func parse(r *http.Request) operation {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	o := operation{bucket: bucket, key: key, query: r.URL.Query()}
	for _, s := range subresources {
		if o.query.Has(s) {
			o.name = unsupported
			return o
		}
	}
	switch {
	case bucket == "":
		o.name = "ListBuckets"
	case key == "":
		o.name = bucketOperation(r.Method, o.query)
	case o.query.Has("uploadId") || o.query.Has("uploads"):
		o.name = uploadOperation(r, o.query)
	default:
		o.name = objectOperation(r, o.query)
	}
	return o
}

func bucketOperation(method string, query url.Values) string {
	switch method {
	case http.MethodHead:
		return "HeadBucket"
	case http.MethodPut:
		if query.Has("versioning") {
			return "PutBucketVersioning"
		}
		return "CreateBucket"
	case http.MethodDelete:
		return "DeleteBucket"
	case http.MethodPost:
		if query.Has("delete") {
			return "DeleteObjects"
		}
	case http.MethodGet:
		switch {
		case query.Has("uploads"):
			return "ListMultipartUploads"
		case query.Has("location"):
			return "GetBucketLocation"
		case query.Has("versioning"):
			return "GetBucketVersioning"
		case query.Has("versions"):
			return "ListObjectVersions"
		case query.Get("list-type") == "2":
			return "ListObjectsV2"
		}
		return "ListObjects"
	}
	return unsupported
}

func uploadOperation(r *http.Request, query url.Values) string {
	switch {
	case r.Method == http.MethodPost && query.Has("uploads"):
		return "CreateMultipartUpload"
	case r.Method == http.MethodPost:
		return "CompleteMultipartUpload"
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		return "UploadPartCopy"
	case r.Method == http.MethodPut:
		return "UploadPart"
	case r.Method == http.MethodDelete:
		return "AbortMultipartUpload"
	case r.Method == http.MethodGet && query.Has("uploadId"):
		return "ListParts"
	}
	return unsupported
}

func objectOperation(r *http.Request, query url.Values) string {
	if v := query.Get("versionId"); v != "" && v != "null" {
		return unsupported
	}
	if query.Has("versioning") || query.Has("versions") {
		return unsupported
	}
	switch r.Method {
	case http.MethodGet:
		return "GetObject"
	case http.MethodHead:
		return "HeadObject"
	case http.MethodDelete:
		return "DeleteObject"
	case http.MethodPut:
		if r.Header.Get("X-Amz-Copy-Source") != "" {
			return "CopyObject"
		}
		return "PutObject"
	}
	return unsupported
}
