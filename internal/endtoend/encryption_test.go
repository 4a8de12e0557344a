package endtoend

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"standpipe/internal/faults"
	"standpipe/sink"
)

// Every object, be it of data, errors or a journal, is created with the encryption that is configured, and nothing is
// written in any other way. S3 applies what CreateMultipartUpload names to all parts
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html).
func TestEveryObjectIsEncryptedAsConfigured(t *testing.T) {
	const algorithm, keyHeader = "X-Amz-Server-Side-Encryption", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"
	for name, c := range map[string]struct {
		opts sink.S3Options
		want [2]string
	}{
		"as the bucket does": {sink.S3Options{}, [2]string{"", ""}},
		"AES256":             {sink.S3Options{SSE: types.ServerSideEncryptionAes256}, [2]string{"AES256", ""}},
		"KMS":                {sink.S3Options{SSE: types.ServerSideEncryptionAwsKms}, [2]string{"aws:kms", ""}},
		"KMS with a key":     {sink.S3Options{SSE: types.ServerSideEncryptionAwsKms, KMSKey: "alias/lake"}, [2]string{"aws:kms", "alias/lake"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 1)
				w.Put(20)
				w.raw([]byte("no JSON"))
				var mu sync.Mutex
				created := map[string]bool{}
				w.S3.Control("", func(call faults.Call, _ func()) error {
					sent := [2]string{call.Header.Get(algorithm), call.Header.Get(keyHeader)}
					mu.Lock()
					defer mu.Unlock()
					switch {
					case call.Op == "PutObject" || call.Op == "CopyObject":
						t.Errorf("%s of %s: not a way that this test looks at", call.Op, call.Object)
					case call.Op == "CreateMultipartUpload":
						created[strings.Split(call.Object, "/")[1]] = true
						if sent != c.want {
							t.Errorf("upload of %s is created with %q, want %q", call.Object, sent, c.want)
						}
					}
					if customer := http.Header(call.Header).Get("X-Amz-Server-Side-Encryption-Customer-Key"); customer != "" {
						t.Error("a key is sent along")
					}
					return nil
				})
				wk := w.Start(Settings{S3: c.opts})
				w.Exactly(time.Minute, "clicks/")
				if err := wk.Stop(); err != nil {
					t.Fatal(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if !created["clicks"] || !created["errors"] || !created["_standpipe"] || len(created) != 3 {
					t.Errorf("uploads were created under %v", created)
				}
			})
		})
	}
}
