package s3fake

import (
	"bytes"
	"io"
	"io/fs"
	"strings"
	"sync"
)

// memory is a volume without folders.
type memory struct {
	mu    sync.Mutex
	files map[string][]byte
}

var _ volume = (*memory)(nil)

func newMemory() *memory { return &memory{files: map[string][]byte{}} }

func (m *memory) set(name string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[name] = data
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
	m.files[to] = data
	return nil
}

func (m *memory) remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, name)
	return nil
}

func (m *memory) removeAll(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for f := range m.files {
		if strings.HasPrefix(f, name+"/") {
			delete(m.files, f)
		}
	}
	return nil
}

func (m *memory) fits(string) bool { return true }

func (m *memory) mkdir(string) error { return nil }

func (m *memory) list(string) ([]entry, error) { return nil, nil }

func (m *memory) close() error { return nil }
