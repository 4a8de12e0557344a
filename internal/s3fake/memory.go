package s3fake

import (
	"bytes"
	"io"
	"io/fs"
	"strings"
	"sync"
)

// memory is a volume whose folders are there as long as they hold something. A name may be a file and a folder at once.
type memory struct {
	mu      sync.Mutex
	files   map[string][]byte
	folders map[string]map[string]struct{} // the names right below each
}

var _ volume = (*memory)(nil)

func newMemory() *memory {
	return &memory{files: map[string][]byte{}, folders: map[string]map[string]struct{}{}}
}

func (m *memory) set(name string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(name, data)
}

// put makes a file and the folders above it. The caller holds m.mu.
func (m *memory) put(name string, data []byte) {
	m.files[name] = data
	for at := strings.LastIndexByte(name, '/'); at >= 0; at = strings.LastIndexByte(name, '/') {
		folder := name[:at]
		below, known := m.folders[folder]
		if !known {
			below = map[string]struct{}{}
			m.folders[folder] = below
		}
		below[name] = struct{}{}
		if known {
			return
		}
		name = folder
	}
}

// forget takes a name out of the folders above it, as far as nothing else is below. The caller holds m.mu.
func (m *memory) forget(name string) {
	for {
		_, file := m.files[name]
		_, folder := m.folders[name]
		if file || folder {
			return
		}
		at := strings.LastIndexByte(name, '/')
		if at < 0 {
			return
		}
		above := name[:at]
		delete(m.folders[above], name)
		if len(m.folders[above]) > 0 {
			return
		}
		delete(m.folders, above)
		name = above
	}
}

func (m *memory) get(name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.files[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return data, nil
}

func (m *memory) write(name string, r io.Reader) (int64, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return 0, err
	}
	m.set(name, data)
	return int64(len(data)), nil
}

func (m *memory) join(name string, from []string) error {
	pieces := make([][]byte, len(from))
	for i, f := range from {
		piece, err := m.get(f)
		if err != nil {
			return err
		}
		pieces[i] = piece
	}
	if len(pieces) == 1 {
		m.set(name, pieces[0])
	} else {
		m.set(name, bytes.Join(pieces, nil))
	}
	return nil
}

type memoryFile struct{ *bytes.Reader }

func (memoryFile) Close() error { return nil }

func (m *memory) open(name string) (io.ReadSeekCloser, error) {
	data, err := m.get(name)
	if err != nil {
		return nil, err
	}
	return memoryFile{bytes.NewReader(data)}, nil
}

func (m *memory) rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.files[from]
	if !ok {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	delete(m.files, from)
	m.forget(from)
	m.put(to, data)
	return nil
}

func (m *memory) remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, name)
	m.forget(name)
	return nil
}

func (m *memory) removeAll(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear(name)
	m.forget(name)
	return nil
}

// clear removes what lies below a folder. The caller holds m.mu.
func (m *memory) clear(folder string) {
	for name := range m.folders[folder] {
		delete(m.files, name)
		m.clear(name)
	}
	delete(m.folders, folder)
}

func (m *memory) fits(string) bool { return true }

func (m *memory) mkdir(string) error { return nil }

func (m *memory) list(string) ([]entry, error) { return nil, nil }

func (m *memory) close() error { return nil }
