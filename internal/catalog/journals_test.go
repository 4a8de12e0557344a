package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rs/zerolog"

	"standpipe/internal/faults"
	"standpipe/internal/gluefake"
	"standpipe/internal/s3fake"
	"standpipe/internal/s3read"
	"standpipe/sink"
)

// bucket is a lake with journals in it.
type bucket struct {
	t     *testing.T
	fake  *s3fake.Server
	store *sink.S3
	s3    *s3.Client
	n     int
}

func newBucket(t *testing.T) *bucket {
	t.Helper()
	fake, err := s3fake.New(s3fake.Options{Buckets: []string{"lake"}})
	if err != nil {
		t.Fatal(err)
	}
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String("http://s3"), UsePathStyle: true, Region: "eu-west-1", Retryer: aws.NopRetryer{}, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient: &http.Client{Transport: faults.Transport(map[string]http.Handler{"s3": fake})},
	})
	return &bucket{t: t, fake: fake, store: sink.NewS3(client, sink.S3Options{}), s3: client}
}

func (b *bucket) put(key, text string) {
	b.t.Helper()
	u := sink.Upload{Bucket: "lake", Key: key}
	var err error
	if u.ID, err = b.store.Create(b.t.Context(), u.Bucket, u.Key, "batch", sink.Form{}); err != nil {
		b.t.Fatal(err)
	}
	p, err := b.store.UploadPart(b.t.Context(), u, 1, sink.Segments{[]byte(text)})
	if err != nil {
		b.t.Fatal(err)
	}
	u.Parts = []sink.Part{p}
	if err := b.store.Complete(b.t.Context(), u); err != nil {
		b.t.Fatal(err)
	}
}

// journal writes that of a batch cut at a time, with an object in each path. It gives the keys of the objects, which are
// not there.
func (b *bucket) journal(cut time.Time, paths ...string) (keys []string) {
	b.t.Helper()
	b.n++
	batch := fmt.Sprintf("00000000-0000-4000-8000-%012d", b.n)
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	lines := []any{sink.JournalHeader{Version: 1, Batch: batch, Cut: cut, Objects: len(paths)}}
	for _, path := range paths {
		u := sink.Upload{Bucket: "lake", Key: path + batch + ".gz"}
		keys = append(keys, u.Key)
		lines = append(lines, sink.JournalObject{Upload: u, Output: "a", Path: path, Records: 1})
	}
	for _, l := range lines {
		if err := enc.Encode(l); err != nil {
			b.t.Fatal(err)
		}
	}
	b.put("_standpipe/x/"+cut.UTC().Format(hourForm)+"x-"+batch+".ndjson", text.String())
	return keys
}

// batch writes a journal and its objects.
func (b *bucket) batch(cut time.Time, paths ...string) {
	for _, key := range b.journal(cut, paths...) {
		b.put(key, "{}")
	}
}

func (b *bucket) journals(r *registering) *Journals {
	return &Journals{
		Store: b.store, Lister: s3read.S3{Client: func(string) *s3.Client { return b.s3 }}, Bucket: "lake", Prefix: "_standpipe/x/",
		Every: time.Minute, Registers: []*Register{r.Register}, Log: zerolog.New(r.log),
	}
}

// running lets a worker register and search while do is at work.
func (b *bucket) running(r *registering, do func()) {
	ctx, cancel := context.WithCancel(b.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { r.Run(ctx) })
	wg.Go(func() { b.journals(r).Run(ctx) })
	do()
	cancel()
	wg.Wait()
}

// What is in journals and not in the table is registered, however old; a mark says up to where, so that the next start
// reads the rest only; a table that was made anew has all of them again.
func TestSearchOfTheJournals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, glue := newBucket(t), gluefake.New("lake")
		now := time.Now()
		for day := range 100 {
			b.batch(now.AddDate(0, 0, -day), path(day), path(day+1))
		}
		b.journal(now.Add(-time.Hour), path(200))         // not visible yet
		b.journal(now.AddDate(0, 0, -50), path(300))      // never will be
		b.put("_standpipe/x/2000/01/01/00/x.ndjson", "{") // damaged
		b.put("_standpipe/x/notes.txt", "of somebody")
		session := func() int {
			r := register(t, layout(t, fine, id))
			r.glue, r.Glue = glue, client(glue)
			return b.look(r)
		}
		if read := session(); read < 103 || read > 120 {
			t.Errorf("%d objects were read at the first start", read)
		}
		listed := glue.Partitions("lake", "clicks")
		if len(listed) != 101 {
			t.Errorf("%d partitions", len(listed))
		}
		if read := session(); read > 12 {
			t.Errorf("%d objects were read at the second start", read)
		}
		pass(time.Hour)
		glue.Drop("lake", "clicks")
		if read := session(); read < 103 || len(glue.Partitions("lake", "clicks")) != 101 {
			t.Errorf("%d objects were read for a new table, %d partitions", read, len(glue.Partitions("lake", "clicks")))
		}
	})
}

// look lets a worker register and search for some minutes; it gives how many objects it read.
func (b *bucket) look(r *registering) (read int) {
	b.t.Helper()
	before := b.fake.Operations()["GetObject"]
	b.running(r, func() { pass(5 * time.Minute) })
	return b.fake.Operations()["GetObject"] - before
}

// An object that becomes visible later is found by a later search; a bucket that fails is asked again.
func TestSearchGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBucket(t)
		r := register(t, layout(t, fine, id))
		late := b.journal(time.Now().Add(-time.Hour), path(1))
		b.running(r, func() {
			pass(5 * time.Minute)
			if n := r.partitions(); n != 0 {
				t.Errorf("%d partitions before their objects", n)
			}
			for _, op := range []string{"ListObjectsV2", "GetObject", "HeadObject"} {
				remove := b.fake.Control(op, func(faults.Call, func()) error { return &faults.Error{Status: 503, Code: "SlowDown"} })
				b.batch(time.Now(), path(10+len(op)))
				pass(5 * time.Minute)
				if r.partitions() != 0 && op == "ListObjectsV2" {
					t.Errorf("%d partitions while S3 fails", r.partitions())
				}
				remove()
			}
			b.put(late[0], "{}")
			pass(5 * time.Minute)
			if n := r.partitions(); n != 4 {
				t.Errorf("%d partitions", n)
			}
		})
		if strings.Count(r.log.String(), "can not be searched") < 3 {
			t.Errorf("%s", r.log)
		}
	})
}

// giant lists one object as larger than any journal is.
type giant struct {
	Lister
	key string
}

func (g giant) List(ctx context.Context, p s3read.Place, after string) iter.Seq2[s3read.Object, error] {
	return func(yield func(s3read.Object, error) bool) {
		for o, err := range g.Lister.List(ctx, p, after) {
			if strings.Contains(o.Key, g.key) {
				o.Size = mostJournal + 1
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

// What is too large for a journal is not read, and keeps nothing else from being found.
func TestGiantInAJournalsPlaceIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBucket(t)
		r := register(t, layout(t, fine, id))
		b.batch(time.Now(), path(1))
		b.batch(time.Now(), path(2))
		j := b.journals(r)
		j.Lister = giant{j.Lister, "000000000001.ndjson"}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { r.Run(ctx) })
		wg.Go(func() { j.Run(ctx) })
		pass(5 * time.Minute)
		cancel()
		wg.Wait()
		if n := r.partitions(); n != 1 || strings.Count(r.log.String(), "too large for a journal") != 1 {
			t.Errorf("%d partitions\n%s", n, r.log)
		}
	})
}

// A journal that only a newer version can read keeps no partition of others from being registered, but no mark goes past it:
// the newer version will find what it lists.
func TestNoMarkGoesPastAJournalOfANewerVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBucket(t)
		cut := time.Now().Add(-time.Hour)
		b.batch(cut, path(1))
		b.put("_standpipe/x/"+cut.UTC().Format(hourForm)+"x-newer.ndjson", `{"version":2,"batch":"newer","later":[{}]}`)
		r := register(t, layout(t, fine, id))
		b.look(r)
		_, err := b.store.Read(t.Context(), "lake", "_standpipe/x/registered/a.json", 1<<20)
		if n := r.partitions(); n != 1 || !errors.Is(err, sink.ErrNotFound) || strings.Count(r.log.String(), "Upgrading") != 1 {
			t.Errorf("%d partitions, mark: %v\n%s", n, err, r.log)
		}
	})
}

// A mark that can not be written, or of which nobody learns that it was, keeps no partition from being registered, and is
// written again.
func TestMarkIsWrittenAgain(t *testing.T) {
	for _, op := range []string{"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"} {
		for _, effect := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, effect %v", op, effect), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBucket(t)
					r := register(t, layout(t, fine, id))
					b.batch(time.Now(), path(1))
					failed := false
					b.fake.Control(op, func(c faults.Call, next func()) error {
						if failed || !strings.Contains(c.Object, "registered/") {
							return nil
						}
						failed = true
						if effect {
							next()
						}
						return faults.ErrLost
					})
					b.running(r, func() { pass(10 * time.Minute) })
					mark, err := b.store.Read(t.Context(), "lake", "_standpipe/x/registered/a.json", 1<<20)
					if n := r.partitions(); n != 1 || !failed || err != nil || !bytes.Contains(mark, []byte("clicks")) {
						t.Errorf("%d partitions, failed: %v, mark %s, %v\n%s", n, failed, mark, err, r.log)
					}
				})
			})
		}
	}
}
