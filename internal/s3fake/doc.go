// Package s3fake is the S3 of `standpipe demo` and of the tests: an http.Handler, in memory or over a folder,
// that enforces the rules of multipart uploads as strictly as Amazon S3 does, because the commit protocol rests
// on them. gofakes3 keeps the API of buckets, listings, deletions and copies; object bodies and multipart
// uploads are served here, since gofakes3 holds every part in memory, ignores checksums and part sizes, and its
// folder backend neither writes atomically nor knows a multipart ETag. Every request passes a faults.Gate.
//
// Over a folder, an object is the plain file <Dir>/<bucket>/<key>; everything else (metadata, open uploads,
// objects whose key is no usable file name) lies in <Dir>/.s3fake.
package s3fake
