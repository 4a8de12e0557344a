package tables

import (
	"cmp"
	"fmt"
	"strings"

	"standpipe/partition"
)

// column is a partition column: one or more folders of a prefix.
type column struct {
	name    string // in lower case
	folder  string // the name as it stands in the prefix, which S3 compares with case
	format  string // of the whole value, as a Java pattern
	pieces  []partition.Piece
	integer bool // one field of two digits, such as a month
	hive    bool // a folder name=value, which every engine understands
	keyed   bool // values of partition keys, which nothing computes
	escaped bool // they are escaped as Hive does
}

// layout is how the folders of a prefix divide a table.
type layout struct {
	root    string // what all keys start with, empty or ending in a slash
	columns []column
	path    string // from the root, with ${name} for the values
	deeper  bool   // there are folders below that divide nothing

	undivided string // why there are no columns
}

// limits of the fields that are counted rather than dated.
var limits = map[byte][2]int{'M': {1, 12}, 'd': {1, 31}, 'H': {0, 23}, 'm': {0, 59}, 's': {0, 59}}

// divide reads a layout from a prefix; where that gives no columns, the layout is one table of all that lies below.
func divide(p *partition.Prefix) layout {
	l, err := columnsOf(p)
	switch {
	case err != nil:
		literal := p.Literal()
		return layout{root: literal[:strings.LastIndexByte(literal, '/')+1], deeper: true, undivided: err.Error()}
	case len(l.columns) == 0:
		l.undivided = fmt.Sprintf("the prefix %s has no time in it", p)
	}
	return l
}

// columnsOf reads the layout. Folders such as month=!{timestamp:MM} become columns of that name; times in folders
// without a name become one column together, called datehour when they go to the hour. Folders with partition keys become
// columns of text, called as the key where they have no name. Folders of random strings, and what stands behind the last
// slash, divide nothing; no time can be found behind a random string, so one there is an error.
func columnsOf(p *partition.Prefix) (l layout, err error) {
	random, nameless := false, -1
	for _, folder := range folders(p) {
		timed := false
		var key *partition.Key
		for _, piece := range folder {
			random = random || piece.Random
			timed = timed || piece.Field != 0
			if key == nil {
				key = piece.Key
			}
		}
		switch {
		case random && (timed || key != nil):
			what := "time"
			if !timed {
				what = "partition key"
			}
			return l, fmt.Errorf("the prefix %s has a %s behind or beside a random string, so the folder of a %[2]s can not be computed (put !{firehose:random-string} last)", p, what)
		case timed && key != nil:
			return l, fmt.Errorf("the prefix %s has a time and the partition key %s in one folder (give each a folder of its own)", p, key)
		case random:
			l.deeper = true
			continue
		case !timed && key == nil:
			if text := plain(folder) + "/"; len(l.columns) == 0 {
				l.root += text
			} else {
				l.path += text
			}
			continue
		}
		name, value := named(folder)
		if key == nil && name == "" && nameless == len(l.columns)-1 && nameless >= 0 && strings.HasSuffix(l.path, "}/") {
			c := &l.columns[nameless]
			c.pieces = append(append(c.pieces, partition.Piece{Text: "/"}), value...)
			c.format, c.integer = pattern(c.pieces), false
			continue
		}
		c := column{name: strings.ToLower(name), folder: name, hive: name != "", pieces: value}
		if key != nil {
			c.keyed, c.escaped = true, p.Hive()
		} else {
			c.format = pattern(value)
			_, counted := limits[value[0].Field]
			c.integer = len(value) == 1 && counted && value[0].Width == 2
		}
		switch {
		case name == "" && key != nil:
			c.name = strings.ToLower(key.Name)
		case name == "":
			nameless = len(l.columns)
			c.name = fmt.Sprint("\x00", nameless)
		}
		l.columns = append(l.columns, c)
		if c.hive {
			l.path += c.folder + "="
		}
		l.path += "${" + c.name + "}/"
	}
	return l, l.finish(p)
}

// finish names the columns that have no name and checks all.
func (l *layout) finish(p *partition.Prefix) error {
	seen := map[string]bool{}
	for i := range l.columns {
		c := &l.columns[i]
		if !c.hive && !c.keyed {
			old := c.name
			if c.name = dated(c.pieces); seen[c.name] {
				c.name = fmt.Sprint(c.name, i+1)
			}
			l.path = strings.Replace(l.path, "${"+old+"}", "${"+c.name+"}", 1)
		}
		if seen[c.name] {
			return fmt.Errorf("the prefix %s has two folders called %s=", p, c.name)
		}
		seen[c.name] = true
		if strings.ContainsFunc(c.name, func(r rune) bool { return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') }) {
			return fmt.Errorf("the prefix %s has a folder %s=, which can be no column (use letters, digits and underscores)", p, cmp.Or(c.folder, c.name))
		}
		if c.keyed {
			continue
		}
		for _, piece := range c.pieces {
			if piece.Field != 0 && (strings.IndexByte("yMdHms", piece.Field) < 0 || piece.Padded || piece.Field == 'y' && piece.Width != 4 || piece.Field != 'y' && piece.Width != 2) {
				return fmt.Errorf("the prefix %s has a time in %s that engines can not compute (write it with yyyy, MM, dd, HH, mm and ss)", p, c.name)
			}
		}
		if !c.integer && !c.date() {
			return fmt.Errorf("the prefix %s has a time in %s that is no date by itself (give each field a folder of its own, such as month=!{timestamp:MM}/)", p, c.name)
		}
	}
	return nil
}

// date says whether the column's value is a point in time: years, then months and so on without a gap.
func (c *column) date() bool {
	fields := ""
	for _, piece := range c.pieces {
		if piece.Field != 0 {
			fields += string(piece.Field)
		}
	}
	return strings.HasPrefix("yMdHms", fields)
}

// unit is the finest field of a date.
func (c *column) unit() string {
	last := byte('y')
	for _, piece := range c.pieces {
		if piece.Field != 0 {
			last = piece.Field
		}
	}
	return map[byte]string{'y': "YEARS", 'M': "MONTHS", 'd': "DAYS", 'H': "HOURS", 'm': "MINUTES", 's': "SECONDS"}[last]
}

// first is the column's value at the start of a year.
func (c *column) first(year int) string {
	var b strings.Builder
	for _, piece := range c.pieces {
		switch piece.Field {
		case 0:
			b.WriteString(piece.Text)
		case 'y':
			fmt.Fprintf(&b, "%04d", year)
		case 'M', 'd':
			b.WriteString("01")
		default:
			b.WriteString("00")
		}
	}
	return b.String()
}

// folders cuts a prefix at its slashes, without what stands behind the last.
func folders(p *partition.Prefix) (all [][]partition.Piece) {
	var folder []partition.Piece
	for _, piece := range p.Pieces() {
		parts := strings.Split(piece.Text, "/")
		for i, part := range parts {
			if i > 0 {
				all, folder = append(all, folder), nil
			}
			if part != "" {
				folder = append(folder, partition.Piece{Text: part})
			}
		}
		if piece.Field != 0 || piece.Random || piece.Key != nil {
			folder = append(folder, piece)
		}
	}
	return all
}

func plain(folder []partition.Piece) string {
	text := ""
	for _, piece := range folder {
		text += piece.Text
	}
	return text
}

// named cuts "name=" off a folder.
func named(folder []partition.Piece) (name string, value []partition.Piece) {
	name, rest, found := strings.Cut(folder[0].Text, "=")
	if !found || name == "" {
		return "", folder
	}
	value = append(value, folder...)
	if value[0].Text = rest; rest == "" {
		value = value[1:]
	}
	return name, value
}

// pattern is the Java pattern of a value.
func pattern(pieces []partition.Piece) string {
	var b strings.Builder
	for _, piece := range pieces {
		if piece.Field != 0 {
			b.WriteString(strings.Repeat(string(piece.Field), piece.Width))
		} else if strings.ContainsFunc(piece.Text, func(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' || strings.ContainsRune("'[]{}#", r) }) {
			b.WriteString("'" + strings.ReplaceAll(piece.Text, "'", "''") + "'")
		} else {
			b.WriteString(piece.Text)
		}
	}
	return b.String()
}

// dated is the name of a column whose folders have none.
func dated(pieces []partition.Piece) string {
	name := map[byte]string{'y': "year", 'M': "month", 'd': "day", 'H': "datehour", 'm': "dateminute", 's': "datesecond"}
	last := byte('y')
	for _, piece := range pieces {
		if piece.Field != 0 {
			last = piece.Field
		}
	}
	if name[last] == "" {
		return "time" // no column, see finish
	}
	return name[last]
}
