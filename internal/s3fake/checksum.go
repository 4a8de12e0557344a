package s3fake

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"slices"
	"strings"
)

// checksum is one of S3's additional checksums.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
type checksum struct {
	Algorithm string `json:"algorithm"` // as x-amz-checksum-algorithm names it
	Value     string `json:"value"`     // base64, with "-N" when composite
	Type      string `json:"type"`      // composite or fullObject
}

const (
	composite  = "COMPOSITE"
	fullObject = "FULL_OBJECT"
)

var algorithms = map[string]func() hash.Hash{
	"CRC32":     func() hash.Hash { return crc32.NewIEEE() },
	"CRC32C":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"CRC64NVME": func() hash.Hash { return crc64.New(nvme) },
	"SHA1":      sha1.New,
	"SHA256":    sha256.New,
}

// nvme is the reversed polynomial of the NVM Express Base Specification.
var nvme = crc64.MakeTable(0x9a6c9329ac4bc9b5)

func checksumHeader(algorithm string) string {
	return http.CanonicalHeaderKey("x-amz-checksum-" + strings.ToLower(algorithm))
}

// checksumType is the type an upload gets: the one asked for, or the algorithm's own.
func checksumType(algorithm, asked string) (string, error) {
	switch {
	case algorithm == "":
		return "", nil
	case algorithms[algorithm] == nil:
		return "", failure(http.StatusBadRequest, "InvalidRequest",
			"Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
	case algorithm == "CRC64NVME" && asked == composite, strings.HasPrefix(algorithm, "SHA") && asked == fullObject:
		return "", failure(http.StatusBadRequest, "InvalidRequest",
			"The %s checksum type cannot be used with the %s checksum algorithm.", asked, strings.ToLower(algorithm))
	case asked != "":
		if asked != composite && asked != fullObject {
			return "", failure(http.StatusBadRequest, "InvalidRequest", "Value for x-amz-checksum-type header is invalid.")
		}
		return asked, nil
	case algorithm == "CRC64NVME":
		return fullObject, nil
	}
	return composite, nil
}

// sentChecksums are the values in the headers, by algorithm.
func sentChecksums(h http.Header) (map[string]string, error) {
	sums := map[string]string{}
	for name, newHash := range algorithms {
		v := h.Get(checksumHeader(name))
		if v == "" {
			continue
		}
		if raw, err := base64.StdEncoding.DecodeString(v); err != nil || len(raw) != newHash().Size() {
			return nil, failure(http.StatusBadRequest, "InvalidRequest", "Value for %s header is invalid.",
				strings.ToLower(checksumHeader(name)))
		}
		sums[name] = v
	}
	return sums, nil
}

// compose is S3's checksum of checksums.
func compose(algorithm string, parts []*part) string {
	h := algorithms[algorithm]()
	for _, p := range parts {
		raw, _ := base64.StdEncoding.DecodeString(p.Checksums[algorithm])
		_, _ = h.Write(raw)
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func algorithmNames() []string {
	names := make([]string, 0, len(algorithms))
	for name := range algorithms {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
