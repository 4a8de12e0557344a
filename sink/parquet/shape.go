package parquet

import (
	"fmt"
	"strconv"
	"strings"

	"standpipe/internal/jsontext"
)

const (
	maxMembers  = 1000    // keys that are told apart in one object
	maxShapes   = 100_000 // places that are told apart in all, long keys counted more than once
	maxShape    = 12      // objects and arrays in each other that are looked into
	mapMembers  = 40      // keys from which on an object may be a map
	mapPresence = 10      // of a hundred objects that have a key, on average, below which it is one
)

// shape counts what stood in one place of the records.
type shape struct {
	nulls, bools, objects, arrays, strings int

	ints      int // numbers that fit a bigint
	large     int // longer integers of at most 38 digits
	fractions int // other numbers that fit a double
	beyond    int // numbers that fit nothing
	seconds   int // of the integers, those that are seconds of the years 2000 to 2100
	millis    int // of them, milliseconds
	dates     int // of the strings, those that are days
	times     int // of them, times that a timestamp takes
	offsets   int // of them, times with an offset, which it takes with Strict only

	members []*shapeMember
	byKey   map[string]*shapeMember
	crowded bool // there were more members
	elem    *shape
	room    *int // how many more places may be told apart; nil: no limit
	deep    bool // it was not looked into
}

type shapeMember struct {
	key string // as it was spelled first
	shape
}

func (s *shape) numbers() int { return s.ints + s.large + s.fractions + s.beyond }

func (s *shape) values() int { return s.bools + s.numbers() + s.strings + s.objects + s.arrays }

// add counts the value at data[i], which is known to be JSON, and returns the index after it.
func (s *shape) add(data []byte, i, depth int) int {
	end, _, _ := jsontext.ScanValue(data, i)
	switch data[i] {
	case 'n':
		s.nulls++
	case 't', 'f':
		s.bools++
	case '"':
		s.text(jsontext.AppendUnescaped(nil, data[i+1:end-1]))
	case '[', '{':
		if depth > maxShape {
			s.strings++
			s.deep = true
			return end
		}
		s.container(data, i, depth)
	default:
		s.number(string(data[i:end]))
	}
	return end
}

func (s *shape) container(data []byte, i, depth int) {
	object := data[i] == '{'
	if object {
		s.objects++
	} else if s.arrays++; s.elem == nil {
		s.elem = &shape{room: s.room}
	}
	for {
		if i, _ = jsontext.SkipSpace(data, i+1); data[i] == '}' || data[i] == ']' {
			return // of an empty one
		}
		to := s.elem
		if object {
			end, _ := jsontext.ScanString(data, i)
			to = s.member(string(jsontext.AppendUnescaped(nil, data[i+1:end-1])))
			i, _ = jsontext.SkipSpace(data, end)
			i, _ = jsontext.SkipSpace(data, i+1)
		}
		if i, _ = jsontext.SkipSpace(data, to.add(data, i, depth+1)); data[i] != ',' {
			return
		}
	}
}

// member finds the shape under a key, without case.
func (s *shape) member(key string) *shape {
	lower := strings.ToLower(key)
	m, found := s.byKey[lower]
	places := 1 + len(key)/256
	switch {
	case found:
	case len(s.members) == maxMembers, s.room != nil && *s.room < places:
		s.crowded = true
		return &shape{}
	default:
		m = &shapeMember{key: key, shape: shape{room: s.room}}
		if s.room != nil {
			*s.room -= places
		}
		if s.byKey == nil {
			s.byKey = map[string]*shapeMember{}
		}
		s.byKey[lower] = m
		s.members = append(s.members, m)
	}
	return &m.shape
}

func (s *shape) number(text string) {
	if v, err := strconv.ParseInt(text, 10, 64); err == nil {
		s.ints++
		const from, to = 946684800, 4102444800
		if from <= v && v < to {
			s.seconds++
		} else if from*1000 <= v && v < to*1000 {
			s.millis++
		}
		return
	}
	if !strings.ContainsAny(text, ".eE") && len(strings.TrimPrefix(text, "-")) <= 38 {
		s.large++
		return
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		s.fractions++
		return
	}
	s.beyond++
}

func (s *shape) text(v []byte) {
	s.strings++
	if len(v) > 40 {
		return
	}
	if _, ok := parseDate(v, false); ok {
		s.dates++
	} else if t, ok := parseCivil(v); ok {
		if _, ok := t.value(Nanos); ok { // so that it fits whatever unit is chosen
			s.times++
		}
	} else if _, ok := parseRFC3339(v); ok {
		s.offsets++
	}
}

// hive is the narrowest type that takes all that was counted; a string takes anything.
func (s *shape) hive(n *notes, path string, depth int) *hiveType {
	text := &hiveType{kind: text, name: "string"}
	forms := 0
	for _, count := range []int{s.bools, s.numbers(), s.strings, s.objects, s.arrays} {
		if count > 0 {
			forms++
		}
	}
	switch {
	case forms == 0:
		n.add("%s is always null or missing; its type is a guess.", path)
		return text
	case forms > 1:
		n.add("%s is %s; as a string it takes all of them.", path, s.mixture())
		return text
	case depth > maxShape:
		n.add("%s has more than %d objects and arrays in each other; they are kept as JSON.", path, maxShape)
		return text
	case s.bools > 0:
		return &hiveType{kind: boolean, name: "boolean"}
	case s.strings > 0:
		return s.hiveString(n, path)
	case s.arrays > 0:
		return &hiveType{kind: list, name: "array", elem: s.elem.hive(n, path+"[]", depth+1)}
	case s.objects > 0:
		return s.hiveObject(n, path, depth)
	}
	return s.hiveNumber(n, path)
}

func (s *shape) mixture() string {
	var parts []string
	for _, f := range []struct {
		count int
		name  string
	}{{s.bools, "boolean"}, {s.numbers(), "number"}, {s.strings, "string"}, {s.objects, "object"}, {s.arrays, "array"}} {
		if f.count > 0 {
			parts = append(parts, fmt.Sprintf("%s %d times", f.name, f.count))
		}
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}

func (s *shape) hiveString(n *notes, path string) *hiveType {
	switch s.strings {
	case s.dates:
		return &hiveType{kind: date, name: "date"}
	case s.times:
		return &hiveType{kind: timestamp, name: "timestamp"}
	case s.times + s.offsets:
		n.add("%s is a time with an offset, which a timestamp takes in strict mode only.", path)
	}
	if s.deep {
		n.add("%s has more than %d objects and arrays in each other; they are kept as JSON.", path, maxShape)
	}
	return &hiveType{kind: text, name: "string"}
}

func (s *shape) hiveNumber(n *notes, path string) *hiveType {
	key := strings.ToLower(path[strings.LastIndexByte(path, '.')+1:])
	timely := strings.Contains(key, "time") || strings.Contains(key, "date") || strings.HasSuffix(key, "_at") || key == "ts"
	switch {
	case s.beyond > 0:
		n.add("%s has numbers that fit no type, so they are kept as text.", path)
		return &hiveType{kind: text, name: "string"}
	case s.fractions > 0:
		if s.large > 0 {
			n.add("%s has integers of more than 18 digits, of which a double keeps about 16.", path)
		}
		return &hiveType{kind: double, name: "double"}
	case s.large > 0:
		return &hiveType{kind: decimal, name: "decimal", precision: 38}
	case timely && (s.ints == s.seconds || s.ints == s.millis):
		n.add("%s holds numbers that are times of the years 2000 to 2100; if they are none, its type is bigint.", path)
		return &hiveType{kind: timestamp, name: "timestamp"}
	}
	return &hiveType{kind: bigint, name: "bigint"}
}

// hiveObject makes a struct, or a map where the keys seem to be values themselves.
func (s *shape) hiveObject(n *notes, path string, depth int) *hiveType {
	key := &hiveType{kind: text, name: "string"}
	total := 0
	for _, m := range s.members {
		total += m.values() + m.nulls
	}
	if len(s.members) == 0 || s.crowded || len(s.members) >= mapMembers && total*100 < mapPresence*s.objects*len(s.members) {
		if s.crowded {
			n.add("%s has too many different keys, so it is taken for a map.", path)
			return &hiveType{kind: mapping, name: "map", key: key, elem: key} // later values may be of any type
		}
		var all shape
		for _, m := range s.members {
			all.merge(&m.shape)
		}
		if len(s.members) > 0 {
			n.add("%s has %d different keys, each in few objects, so it is taken for a map.", path, len(s.members))
		}
		return &hiveType{kind: mapping, name: "map", key: key, elem: all.hive(n, path+"[]", depth+1)}
	}
	t := &hiveType{kind: structure, name: "struct"}
	for _, m := range s.members {
		if problem := nameProblem(m.key); problem != "" {
			n.add("%s has a key that can be no field of a struct, so it is dropped: it %s. As a string, %s keeps it.", path, problem, path)
			continue
		}
		t.fields = append(t.fields, typeField{strings.ToLower(m.key), m.key, m.shape.hive(n, path+"."+m.key, depth+1)})
	}
	if len(t.fields) == 0 {
		return key
	}
	return t
}

// merge adds the counts of o.
func (s *shape) merge(o *shape) {
	for _, c := range []struct {
		to   *int
		from int
	}{{&s.nulls, o.nulls}, {&s.bools, o.bools}, {&s.objects, o.objects}, {&s.arrays, o.arrays}, {&s.strings, o.strings}, {&s.ints, o.ints}, {&s.large, o.large},
		{&s.fractions, o.fractions}, {&s.beyond, o.beyond}, {&s.seconds, o.seconds}, {&s.millis, o.millis}, {&s.dates, o.dates}, {&s.times, o.times}, {&s.offsets, o.offsets}} {
		*c.to += c.from
	}
	s.deep, s.crowded = s.deep || o.deep, s.crowded || o.crowded
	for _, m := range o.members {
		s.member(m.key).merge(&m.shape)
	}
	if o.elem != nil {
		if s.elem == nil {
			s.elem = &shape{}
		}
		s.elem.merge(o.elem)
	}
}
