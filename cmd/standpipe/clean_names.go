package main

import (
	"regexp"
	"strings"
	"time"

	"standpipe/config"
	"standpipe/partition"
)

// naming recognises the keys of this application: what a path evaluates to, and a name with the application, a time
// and a batch's id.
type naming struct {
	form     *regexp.Regexp
	prefixes []zoned
}

// zoned is an output's prefix with the zone of the times in its object names.
type zoned struct {
	*partition.Prefix
	bucket string
	zone   *time.Location
}

// uuidForm is how batch ids are written.
const uuidForm = `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`

func newNaming(cfg config.Config, pipe *pipeline) *naming {
	n := &naming{form: regexp.MustCompile(
		`^(.*?)` + regexp.QuoteMeta(cfg.Leases.Application) + `-(\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)-(` + uuidForm + `)(?:-\d+)?(?:\.[^/]*)?$`)}
	for _, o := range pipe.outputs {
		n.prefixes = append(n.prefixes, zoned{o.Prefix, o.Bucket, o.Location})
	}
	n.prefixes = append(n.prefixes, zoned{pipe.errors.Prefix, pipe.errors.Bucket, pipe.errors.Location})
	return n
}

// batch is the id in a key of ours. ok is false for every other key, such as those of an application whose name
// ends like this one's: the name must stand behind a slash, at the key's beginning, or behind the exact path that
// an output has at the time in the name.
func (n *naming) batch(bucket, key string) (id string, ok bool) {
	m := n.form.FindStringSubmatch(key)
	if m == nil {
		return "", false
	}
	if path := m[1]; path == "" || strings.HasSuffix(path, "/") || n.evaluates(bucket, path, m[2]) {
		return m[3], true
	}
	return "", false
}

// evaluates says whether one of the prefixes gives this path at a time as names have it. Error types and random
// strings are anything without a slash, and values of partition keys are anything.
func (n *naming) evaluates(bucket, path, at string) bool {
	const anything = "\x01"
	for _, p := range n.prefixes {
		t, err := time.ParseInLocation("2006-01-02-15-04-05", at, p.zone)
		if err != nil || p.bucket != bucket {
			continue
		}
		random := func() string { return anything }
		want := regexp.QuoteMeta(partition.ObjectKey(p.Path(t, anything), random, ""))
		want = strings.ReplaceAll(want, anything, `[^/]+`)
		for _, k := range p.Keys() {
			want = strings.ReplaceAll(want, regexp.QuoteMeta(k.String()), `.+`)
		}
		if regexp.MustCompile(`^` + want + `$`).MatchString(path) {
			return true
		}
	}
	return false
}
