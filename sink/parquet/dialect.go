package parquet

import (
	"fmt"
	"strings"
)

// Dialect is a way of writing types.
type Dialect uint8

const (
	Hive   Dialect = iota // of Hive and Glue, as Glue stores them
	Athena                // of Athena's CREATE TABLE: Hive's, with reserved words quoted inside structs
	Spark                 // of Spark SQL for JSON, whose keys it compares with case: fields of structs as they were written
	Trino                 // of Trino's Hive connector
	DuckDB                // of DuckDB; times are with time zone, as it reads them from Parquet, names as they were written
)

// ColumnsIn gives all columns of the files, that of [Options].Rest included, with their types in a dialect. Key is the
// JSON key that fills the column, also where it is the name, as it was written.
func (s *Schema) ColumnsIn(d Dialect) []Column {
	columns := make([]Column, 0, len(s.columns)+1)
	for i, c := range s.columns {
		f := s.root.hiveType.fields[i]
		columns = append(columns, Column{Name: c.Name, Type: d.write(f.typ), Key: f.key})
	}
	if s.options.Rest {
		columns = append(columns, Column{Name: RestColumn, Type: d.write(&hiveType{kind: text, name: "string"})})
	}
	return columns
}

func (d Dialect) write(t *hiveType) string {
	switch d {
	case Hive:
		return t.String()
	case Athena, Spark:
		return d.writeHive(t)
	}
	switch t.kind {
	case integer:
		return "integer"
	case float:
		return "real"
	case text:
		if t.length == 0 || d == DuckDB {
			return "varchar"
		}
	case binary:
		if d == DuckDB {
			return "blob"
		}
		return "varbinary"
	case timestamp:
		if d == DuckDB {
			return "timestamptz"
		}
	case list:
		if d == DuckDB {
			return d.write(t.elem) + "[]"
		}
		return "array(" + d.write(t.elem) + ")"
	case mapping:
		return fmt.Sprintf("map(%s, %s)", d.write(t.key), d.write(t.elem))
	case structure:
		fields := make([]string, len(t.fields))
		for i, f := range t.fields {
			name := f.name
			if d == DuckDB {
				name = f.key // it compares keys with case, and names in queries without
			}
			fields[i] = fmt.Sprintf(`"%s" %s`, name, d.write(f.typ))
		}
		name := "row"
		if d == DuckDB {
			name = "struct"
		}
		return name + "(" + strings.Join(fields, ", ") + ")"
	}
	return t.String()
}

// writeHive is t.String() with the fields of structs in quotes where they need them.
func (d Dialect) writeHive(t *hiveType) string {
	switch t.kind {
	case list:
		return "array<" + d.writeHive(t.elem) + ">"
	case mapping:
		return "map<" + t.key.String() + "," + d.writeHive(t.elem) + ">"
	case structure:
		fields := make([]string, len(t.fields))
		for i, f := range t.fields {
			name := f.name
			if d == Spark {
				name = "`" + f.key + "`"
			} else if reserved[strings.ToUpper(name)] || !plainName(name) {
				name = "`" + name + "`"
			}
			fields[i] = name + ":" + d.writeHive(f.typ)
		}
		return "struct<" + strings.Join(fields, ",") + ">"
	}
	return t.String()
}

// plainName says whether a name needs no quotes unless it is a reserved word.
func plainName(name string) bool {
	return name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z' && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	})
}
