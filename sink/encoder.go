package sink

import (
	"context"
	"time"

	"standpipe/sink/parquet"
)

// staged is what a reading has for one object: lines, or the records of rows. It is the reading's; whoever is given it
// copies what is to stay.
type staged struct {
	lines   []byte        // of an output of lines
	rows    *parquet.Rows // of a Parquet output
	data    [][]byte      // the records that the rows came from
	raw     int64         // bytes as buffer.size counts them: lines, or records
	records int64         // lines or rows
	arrival time.Time     // of the first record
	size    int64         // bytes of memory that it has taken at most
}

// lastStaged is a path with what is staged for it; nil while there is none.
type lastStaged struct {
	path string
	*staged
}

// encoder makes the bytes of one object's file. What it has made it pushes to the object, in order.
type encoder interface {
	// add takes in what a reading has, which is nil when everything has come. It gives the work that is due, nil when
	// there is none; with all, the work covers everything that was added. The object's mutex is held.
	add(st *staged, all bool) work
	// end makes what comes last. It is called once, when all work has been done and there was something to write.
	end() error
}

// work is what an add leaves to be done outside the mutex, by the goroutine that added and beside the work of others.
type work func(context.Context) error

// newEncoder begins the file of an object. id is unique among all objects.
func newEncoder(o *object, id string) encoder {
	if o.format != nil {
		return &rowEncoder{o: o}
	}
	codec := o.out.codec()
	return &lineEncoder{o: o, codec: codec, frame: codec.framing(id)}
}
