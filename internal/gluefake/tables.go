package gluefake

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Column of a table.
type Column struct{ Name, Type string }

// Serde says how a table's objects are read.
type Serde struct {
	SerializationLibrary string            `json:",omitempty"`
	Parameters           map[string]string `json:",omitempty"`
}

// Storage describes where and how a table's or a partition's objects lie.
type Storage struct {
	Columns                []Column          `json:",omitempty"`
	Location               string            `json:",omitempty"`
	InputFormat            string            `json:",omitempty"`
	OutputFormat           string            `json:",omitempty"`
	SerdeInfo              *Serde            `json:",omitempty"`
	Parameters             map[string]string `json:",omitempty"`
	Compressed             bool              `json:",omitempty"`
	StoredAsSubDirectories bool              `json:",omitempty"`
}

// Table is a table as it is created and read. DatabaseName and Version are the server's to set.
type Table struct {
	Name              string
	DatabaseName      string            `json:",omitempty"`
	Version           string            `json:"VersionId,omitempty"`
	CreateTime        float64           `json:",omitempty"` // seconds since 1970; the server's to set
	TableType         string            `json:",omitempty"`
	Parameters        map[string]string `json:",omitempty"`
	PartitionKeys     []Column          `json:",omitempty"`
	StorageDescriptor *Storage          `json:",omitempty"`
	ViewOriginalText  string            `json:",omitempty"`
}

// Partition is a part of a table.
type Partition struct {
	Values            []string
	StorageDescriptor *Storage          `json:",omitempty"`
	Parameters        map[string]string `json:",omitempty"`
}

type table struct {
	Table
	version    int
	partitions map[string]Partition
}

// Put creates a table or gives it its next version, as somebody else would. The database is made where there is none.
func (s *Server) Put(database string, t Table) {
	s.mu.Lock()
	defer s.mu.Unlock()
	database = strings.ToLower(database)
	if s.databases[database] == nil {
		s.databases[database] = map[string]*table{}
	}
	s.put(database, t)
}

// put is Put under the mutex.
func (s *Server) put(database string, t Table) {
	t.Name, t.DatabaseName = strings.ToLower(t.Name), database
	have := s.databases[database][t.Name]
	if have == nil {
		have = &table{version: -1, partitions: map[string]Partition{}}
		s.databases[database][t.Name] = have
	}
	have.version++
	if have.version == 0 {
		have.CreateTime = float64(time.Now().Unix())
	}
	t.CreateTime = have.CreateTime
	t.Version = strconv.Itoa(have.version)
	have.Table = t
}

// Drop removes a table with its partitions.
func (s *Server) Drop(database, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.databases[database], name)
}

// Table gives a table; false when there is none.
func (s *Server) Table(database, name string) (Table, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.databases[database][name]
	if t == nil {
		return Table{}, false
	}
	return t.Table, true
}

// Partitions lists a table's partitions by their values, which are joined by slashes.
func (s *Server) Partitions(database, name string) map[string]Partition {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.databases[database][name]
	if t == nil {
		return nil
	}
	return maps.Clone(t.partitions)
}

func (s *Server) find(database, name string) (*table, error) {
	tables := s.databases[strings.ToLower(database)]
	if tables == nil {
		return nil, refuse("EntityNotFoundException", "Database %s not found.", database)
	}
	t := tables[strings.ToLower(name)]
	if t == nil {
		return nil, refuse("EntityNotFoundException", "Entity Not Found (Table %s)", name)
	}
	return t, nil
}

func (s *Server) getTable(in *struct{ DatabaseName, Name string }) (any, error) {
	t, err := s.find(in.DatabaseName, in.Name)
	if err != nil {
		return nil, err
	}
	return map[string]Table{"Table": t.Table}, nil
}

func (s *Server) createTable(in *struct {
	DatabaseName string
	TableInput   Table
}) (any, error) {
	database := strings.ToLower(in.DatabaseName)
	name := strings.ToLower(in.TableInput.Name)
	_, err := s.find(database, name)
	switch {
	case s.databases[database] == nil:
		return nil, err
	case err == nil:
		return nil, refuse("AlreadyExistsException", "Table already exists.")
	case name == "" || len(name) > 255:
		return nil, refuse("InvalidInputException", "The name of a table has 1 to 255 characters.")
	}
	seen := map[string]bool{}
	columns := slices.Clone(in.TableInput.PartitionKeys)
	if in.TableInput.StorageDescriptor != nil {
		columns = append(columns, in.TableInput.StorageDescriptor.Columns...)
	}
	for _, c := range columns {
		if c.Name == "" || seen[strings.ToLower(c.Name)] {
			return nil, refuse("InvalidInputException", "Column name %q is empty or there twice.", c.Name)
		}
		seen[strings.ToLower(c.Name)] = true
	}
	s.put(database, in.TableInput)
	return struct{}{}, nil
}
