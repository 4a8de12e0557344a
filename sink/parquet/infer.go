package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"standpipe/internal/jsontext"
)

// Inference proposes a schema from records. Feed it with Add, then ask for the Proposal. It is for one goroutine, and
// keeps counts only, no values; how much depends on the keys it meets, up to some limits, not on the records.
type Inference struct {
	root    shape
	records int
	notJSON int
	notRows int
}

// Proposal is what an Inference found. Under its columns and the default Options, every record that it was fed becomes
// rows, but for those that it counts as refused and those with two keys that are equal without case.
type Proposal struct {
	Columns []ProposedColumn
	Records int // all that were fed
	NotJSON int // of them, such that are empty or no JSON
	NotRows int // of them, such that are no objects
	Rows    int // JSON objects in the others
}

// ProposedColumn is a column with what speaks for it.
type ProposedColumn struct {
	Column
	Rows  int      // that have a value other than null for it
	Notes []string // what does not go together, was guessed or will be lost, as sentences
}

// Add takes a record into account. Its error says why the record makes no rows, in words that repeat nothing of it; it is
// counted in the Proposal all the same.
func (in *Inference) Add(record []byte) error {
	in.records++
	if in.root.room == nil {
		room := maxShapes
		in.root.room = &room
	}
	var documents [][]byte
	i, _ := jsontext.SkipSpace(record, len(record)-len(bytes.TrimPrefix(record, []byte(jsontext.ByteOrderMark))))
	for i < len(record) {
		end, _, fault := jsontext.ScanValue(record, i)
		if fault != "" {
			in.notJSON++
			return fmt.Errorf("%s at byte %d", fault, end)
		}
		if record[i] != '{' {
			in.notRows++
			return fmt.Errorf("JSON, but no object, at byte %d", i)
		}
		documents = append(documents, record[i:end])
		i, _ = jsontext.SkipSpace(record, end)
	}
	if len(documents) == 0 {
		in.notJSON++
		return errors.New("nothing but white space")
	}
	for _, document := range documents {
		in.root.add(document, 0, 0)
	}
	return nil
}

// Proposal says what the records so far have in common. More records may follow.
func (in *Inference) Proposal() Proposal {
	p := Proposal{Records: in.records, NotJSON: in.notJSON, NotRows: in.notRows, Rows: in.root.objects}
	taken, total := map[string]bool{}, 0
	for _, m := range in.root.members {
		c := ProposedColumn{Rows: m.shape.values()}
		var notes notes
		c.Name, c.Key = columnName(m.key, taken)
		t := m.shape.hive(&notes, m.key, 1)
		leaves := 0
		t.walk("", func(_ string, t *hiveType) {
			if t.kind != structure && t.kind != list {
				leaves++ // of a map that of its keys, beside those of its values
			}
		})
		if leaves > 1 && total+leaves > maxColumns-maxMembers-1 { // that many stay for columns of one part
			notes.add("%s has %d parts, which would make too many columns; they are kept as JSON.", m.key, leaves)
			t, leaves = &hiveType{kind: text, name: "string"}, 1
		}
		total += leaves
		c.Type = t.String()
		c.Notes = notes
		if in.root.crowded {
			c.Notes = append(c.Notes, "The records have too many different keys; those met later are no columns.")
		}
		p.Columns = append(p.Columns, c)
	}
	return p
}

// columnName makes a name that a column can have from a key, and says which key it stands for where that is not the name.
func columnName(key string, taken map[string]bool) (name, from string) {
	name = strings.Map(func(r rune) rune {
		if nameProblem(string(r)) != "" {
			return '_'
		}
		return r
	}, key)
	for len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "")
	}
	if name == "" || strings.ToLower(name) == RestColumn {
		name = "key" + name
	}
	base := name
	for n := 2; taken[strings.ToLower(name)]; n++ {
		name = fmt.Sprint(base[:min(len(base), maxName-8)], "_", n)
		name = strings.ToValidUTF8(name, "")
	}
	taken[strings.ToLower(name)] = true
	if name != key {
		return name, key
	}
	return name, ""
}

// notes are sentences about a column, each once.
type notes []string

func (n *notes) add(format string, args ...any) {
	if s := fmt.Sprintf(format, args...); !slices.Contains(*n, s) && len(*n) < 10 {
		*n = append(*n, s)
	}
}
