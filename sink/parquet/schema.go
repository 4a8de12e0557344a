package parquet

import (
	"fmt"
	"strings"
	"unicode/utf8"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
)

// maxColumns is how many columns a schema may have, those inside structs counted. Each costs a buffer in every open file.
const maxColumns = 10_000

// Schema is the columns of a table and how records fill them. It never changes and may be used by several goroutines.
type Schema struct {
	options Options
	columns []Column
	root    *node // a struct of the columns, of level 0
	rest    int   // the column that keeps unknown keys, -1 for none
	slots   int
	parquet *pq.Schema
}

// SchemaError is all that is wrong with a list of columns.
type SchemaError struct {
	Problems []Problem
}

// Problem is what is wrong with one column, as a sentence that says what to do.
type Problem struct {
	Column string // its name, "" where the list as a whole is meant
	Text   string
}

func (e *SchemaError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Text
		if p.Column != "" {
			lines[i] = fmt.Sprintf("column %s: %s", clip(p.Column, 64), p.Text)
		}
	}
	return strings.Join(lines, "\n")
}

// ParseSchema makes a schema of columns in their order. Its error is a *SchemaError with every problem of every column.
func ParseSchema(columns []Column, options Options) (*Schema, error) {
	var problems []Problem
	report := func(column, format string, args ...any) {
		problems = append(problems, Problem{column, fmt.Sprintf(format, args...)})
	}
	root := &hiveType{kind: structure, name: "struct"}
	keys := make([]string, 0, len(columns))
	kept := make([]Column, 0, len(columns))
	first := map[string]string{}
	for i, c := range columns {
		if problem := nameProblem(c.Name); problem != "" {
			report(fmt.Sprint(i+1), "its name %s", problem)
		} else if other, twice := first[strings.ToLower(c.Name)]; twice {
			report(c.Name, "has the same name as %s, since names are compared without case; rename one", other)
		} else if options.Rest && strings.ToLower(c.Name) == RestColumn {
			report(c.Name, "the name is reserved for the column of unknown keys; rename it or do not ask for that column")
		}
		name := strings.ToLower(c.Name)
		first[name] = c.Name
		key := c.Key
		switch {
		case key == "":
			key = c.Name
		case strings.TrimSpace(key) == "" || !utf8.ValidString(key):
			report(c.Name, "its JSON key is blank or not valid UTF-8; leave it out to take the column's name")
		}
		t, err := parseType(c.Type)
		if err != nil {
			report(c.Name, "its type %v", err)
			continue
		}
		if !options.Strict {
			t.walk(name, func(path string, t *hiveType) {
				if t.kind == binary {
					report(c.Name, "%s at %s: write string, or choose strict, where binary takes base64", invalidBinary, path)
				}
			})
		}
		root.fields = append(root.fields, typeField{name: name, key: key, typ: t})
		keys = append(keys, key)
		kept = append(kept, Column{Name: name, Type: t.String(), Key: c.Key})
	}
	if len(columns) == 0 {
		report("", "a schema needs at least one column")
	}
	if options.Timestamps > Int96 || options.Epoch > EpochNanos {
		report("", "unknown unit of timestamps")
	}
	if len(problems) > 0 {
		return nil, &SchemaError{problems}
	}
	return compile(root, keys, kept, options)
}

func compile(root *hiveType, keys []string, columns []Column, options Options) (*Schema, error) {
	c := &compiler{options: options}
	n := &node{hiveType: root}
	for _, f := range root.fields {
		child := c.node(f.typ, f.name, 0, 0)
		n.fields = append(n.fields, field{node: child})
		if c.leaf > maxColumns {
			return nil, &SchemaError{[]Problem{{"", fmt.Sprintf("more than %d columns, those inside structs counted; "+
				"keep rarely used parts as strings, which take any JSON", maxColumns)}}}
		}
	}
	c.index(n, keys)
	s := &Schema{options: options, columns: columns, root: n, rest: -1}
	if options.Rest {
		s.rest = c.leaf
		c.leaf++
	}
	n.end = c.leaf
	s.slots = c.slots
	s.parquet = s.encoded(nil)
	return s, nil
}

// encoded is the schema of the files with an encoding for each column, or none.
func (s *Schema) encoded(encodings []encoding.Encoding) *pq.Schema {
	g := s.root.group(s.options.Timestamps, encodings)
	if s.rest >= 0 {
		g.add(RestColumn, pq.Optional(encoded(stringNode(), s.rest, encodings)))
	}
	return pq.NewSchema("schema", g)
}

// invalidBinary is Firehose's sentence for a table with a column that its SerDe can not fill.
const invalidBinary = "The schema is invalid. One or more columns have types that are not supported by org.openx.data.JsonSerDe"

// Parquet is the schema of the files: columns in their order with names in lower case, all optional, lists and maps of
// three levels, https://github.com/apache/parquet-format/blob/master/LogicalTypes.md. Its columns are those of [Rows].
func (s *Schema) Parquet() *pq.Schema { return s.parquet }

// Columns gives the columns with names and types as Glue writes them, without that of [Options].Rest. The caller may
// change the slice.
func (s *Schema) Columns() []Column { return append([]Column(nil), s.columns...) }

// Options gives the options of ParseSchema.
func (s *Schema) Options() Options { return s.options }
