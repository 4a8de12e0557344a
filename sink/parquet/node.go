package parquet

import (
	"math"
	"strings"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
)

// node is a type with its place in the columns of a schema. It never changes, so Shredders share it.
type node struct {
	*hiveType
	path string // names from the column down, for messages
	def  int    // definition level of a value; null has one less, since all nodes but the keys of maps are optional
	rep  int    // of a list or map: repetition level of every entry after the first
	leaf int    // its first column, counted as Parquet does
	end  int    // the column after its last

	elem   *node   // of a list or map
	fields []field // of a struct
	slot   int     // of a struct: its first index in a Shredder's guesses, of which it has one more than fields
	table  map[string]int

	width int // of a decimal in a fixed array, in bytes
}

type field struct {
	*node
	also int // the next field that the same key fills, -1 for none
}

// compiler numbers columns and levels.
type compiler struct {
	options Options
	leaf    int
	slots   int
}

func (c *compiler) node(t *hiveType, path string, def, rep int) *node {
	n := &node{hiveType: t, path: path, def: def + 1, rep: rep, leaf: c.leaf}
	switch t.kind {
	case list:
		n.rep++
		n.elem = c.node(t.elem, path, n.def+1, n.rep)
	case mapping:
		n.rep++
		c.leaf++
		n.elem = c.node(t.elem, path, n.def+1, n.rep)
	case structure:
		keys := make([]string, len(t.fields))
		for i, f := range t.fields {
			keys[i] = f.key
			n.fields = append(n.fields, field{node: c.node(f.typ, path+"."+f.name, n.def, rep)})
		}
		c.index(n, keys)
	default:
		n.width = fixedWidth(t)
		c.leaf++
	}
	n.end = c.leaf
	return n
}

// index makes the table by which the fields of n are found. Where several have one key, it holds the first.
func (c *compiler) index(n *node, keys []string) {
	n.slot = c.slots
	c.slots += len(n.fields) + 1
	n.table = make(map[string]int, len(keys))
	for i := len(keys) - 1; i >= 0; i-- {
		key := keys[i]
		if !c.options.CaseSensitive {
			key = strings.ToLower(key)
		}
		if c.options.DotsToUnderscores {
			key = strings.ReplaceAll(key, ".", "_")
		}
		n.fields[i].also = -1
		if next, found := n.table[key]; found {
			n.fields[i].also = next
		}
		n.table[key] = i
	}
}

// fixedWidth is how many bytes a decimal of more than 18 digits takes, 0 for all other types.
// https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#decimal
func fixedWidth(t *hiveType) int {
	if t.kind != decimal || t.precision <= 18 {
		return 0
	}
	return int(math.Ceil((float64(t.precision)*math.Log2(10) + 1) / 8))
}

// parquet is the node as parquet-go describes it, with the encodings of the schema's columns where there are any.
func (n *node) parquet(timestamps Timestamps, encodings []encoding.Encoding) pq.Node {
	switch n.kind {
	case list:
		return pq.Optional(pq.List(n.elem.parquet(timestamps, encodings)))
	case mapping:
		return pq.Optional(pq.Map(encoded(stringNode(), n.leaf, encodings), n.elem.parquet(timestamps, encodings)))
	case structure:
		return pq.Optional(n.group(timestamps, encodings))
	}
	return pq.Optional(encoded(n.hiveType.parquet(timestamps), n.leaf, encodings))
}

// group is the fields of a struct.
func (n *node) group(timestamps Timestamps, encodings []encoding.Encoding) *orderedGroup {
	var g orderedGroup
	for i, f := range n.fields {
		g.add(n.hiveType.fields[i].name, f.parquet(timestamps, encodings))
	}
	return &g
}

func encoded(n pq.Node, leaf int, encodings []encoding.Encoding) pq.Node {
	if encodings == nil {
		return n
	}
	return pq.Encoded(n, encodings[leaf])
}

func (t *hiveType) parquet(timestamps Timestamps) pq.Node {
	switch t.kind {
	case tinyint:
		return pq.Int(8)
	case smallint:
		return pq.Int(16)
	case integer:
		return pq.Leaf(pq.Int32Type)
	case bigint:
		return pq.Leaf(pq.Int64Type)
	case float:
		return pq.Leaf(pq.FloatType)
	case double:
		return pq.Leaf(pq.DoubleType)
	case boolean:
		return pq.Leaf(pq.BooleanType)
	case binary:
		return pq.Leaf(byteArrays{pq.ByteArrayType})
	case date:
		return pq.Date()
	case decimal:
		switch {
		case t.precision <= 9:
			return pq.Decimal(t.scale, t.precision, pq.Int32Type)
		case t.precision <= 18:
			return pq.Decimal(t.scale, t.precision, pq.Int64Type)
		}
		return pq.Leaf(unboundedDecimal(pq.Decimal(t.scale, t.precision, pq.FixedLenByteArrayType(fixedWidth(t))).Type()))
	case timestamp:
		switch timestamps {
		case Millis:
			return pq.Timestamp(pq.Millisecond)
		case Nanos:
			return pq.Timestamp(pq.Nanosecond)
		case Int96:
			return pq.Leaf(unboundedInt96(pq.Int96Type))
		}
		return pq.Timestamp(pq.Microsecond)
	}
	return stringNode()
}

func stringNode() pq.Node { return pq.Leaf(byteArrays{pq.String().Type()}) }

// orderedGroup is a group whose fields stay in the order in which they were added; pq.Group sorts them.
type orderedGroup struct {
	pq.Group
	fields []pq.Field
}

func (g *orderedGroup) add(name string, n pq.Node) {
	if g.Group == nil {
		g.Group = pq.Group{}
	}
	g.Group[name] = n
	g.fields = append(g.fields, pq.Group{name: n}.Fields()...)
}

// Fields implements pq.Node.
func (g *orderedGroup) Fields() []pq.Field { return g.fields }

var _ pq.Node = (*orderedGroup)(nil)
