package jsontext

// nesting is the kinds of the containers around a position, one bit each: 1 an object, 0 an array.
type nesting struct {
	inner uint64   // the innermost depth%64 levels, or 64 of them where that is 0
	outer []uint64 // full words of the levels around them
	depth int
}

func (n *nesting) push(object uint64) {
	if n.depth > 0 && n.depth%64 == 0 {
		n.outer = append(n.outer, n.inner)
	}
	n.inner = n.inner<<1 | object
	n.depth++
}

func (n *nesting) pop() {
	n.depth--
	if n.depth > 0 && n.depth%64 == 0 {
		last := len(n.outer) - 1
		n.inner, n.outer = n.outer[last], n.outer[:last]
		return
	}
	n.inner >>= 1
}

func (n *nesting) inObject() bool { return n.inner&1 == 1 }
