package s3fake

import "io"

// volume is where the bytes lie: the folder or the memory. A name is a slash-separated path within it. Its
// methods may be called concurrently as long as two calls do not write to the same name.
type volume interface {
	// write makes the file name of all that r yields. After an error, which is r's own if r failed, the file may
	// exist in part.
	write(name string, r io.Reader) (int64, error)
	// join makes the file name of the files from, in their order, and leaves those as they are.
	join(name string, from []string) error
	// open reads a file; what was opened stays readable when the file is replaced or removed.
	open(name string) (io.ReadSeekCloser, error)
	// rename moves a file in one step, over one that exists, and makes the folders above its new place.
	rename(from, to string) error
	// remove deletes a file and the folders below its bucket that become empty. A missing file is no error.
	remove(name string) error
	// removeAll deletes a folder with all in it.
	removeAll(name string) error
	// fits tells whether a file of this name can exist beside those that are there.
	fits(name string) bool
	mkdir(name string) error
	// list names what a folder holds; it is empty for one that does not exist.
	list(name string) ([]entry, error)
	close() error
}

type entry struct {
	name   string
	folder bool
	size   int64
}

const (
	stateFolder   = ".s3fake"
	objectsFolder = stateFolder + "/objects" // <bucket>/<hash of key>.json: an object's metadata
	oddFolder     = stateFolder + "/odd"     // <bucket>/<hash of key>: objects whose key is no file name
	uploadsFolder = stateFolder + "/uploads" // <bucket>/<upload id>/: an open upload
)
