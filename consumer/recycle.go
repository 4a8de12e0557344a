package consumer

import (
	"sync"

	"standpipe/internal/spoil"
)

// responses keeps the memory of answers for later ones, of all shards, until the garbage collector wants it.
var responses = sync.Pool{New: func() any { return new(response) }}

func newResponse() *response { return responses.Get().(*response) }

// recycle gives the memory of an answer to a later one. Nobody may use its records any more: their data will change.
func (r *response) recycle() {
	spoil.Bytes(r.body)
	r.trim()
	responses.Put(r)
}

// trim forgets memory that is much larger than the answer.
func (r *response) trim() {
	if wasteful(cap(r.body), len(r.body)) {
		r.body = nil
	}
	if cap(r.Records) > 256 && cap(r.Records) > 4*len(r.Records) {
		r.Records, r.spans = nil, nil
	}
}

// wasteful says that an answer's body is much larger than what is in it, which is what the budget counts.
func wasteful(size, used int) bool { return size > 64<<10 && size > 4*used }
