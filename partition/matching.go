package partition

import "time"

// reading is what is known of a time while its text is read.
type reading struct {
	text   []byte
	values [fieldCount]int64
	set    uint32 // the fields that have values, a bit each

	zone  *time.Location // named in the text, or
	fixed bool           // its offset from UTC, in seconds
	shift int
}

func (r *reading) has(f field) bool { return r.set&(1<<f) != 0 }

// put gives a field its value; one that has another already can not have it.
func (r *reading) put(f field, v int64) bool {
	if r.has(f) {
		return r.values[f] == v
	}
	r.values[f], r.set = v, r.set|1<<f
	return true
}

// take removes a field.
func (r *reading) take(f field) int64 {
	r.set &^= 1 << f
	return r.values[f]
}

// match reads the elements from a position on and returns where they end, -1 if they are not there.
func (r *reading) match(elements []element, at int) int {
	for i := 0; i < len(elements); i++ {
		e := &elements[i]
		if e.kind == readSection {
			before := *r
			if end := r.match(elements[i+1:], at); end >= 0 {
				at = end
			} else {
				*r = before
			}
			i += e.length
			continue
		}
		if e.kind == readEnd {
			return at
		}
		if at = r.padded(e, at); at < 0 {
			return -1
		}
	}
	return at
}

// padded reads an element behind the spaces that fill it up.
func (r *reading) padded(e *element, at int) int {
	if e.pad == 0 {
		return r.element(e, at)
	}
	end := at + e.pad
	if end > len(r.text) {
		return -1
	}
	for at < end && r.text[at] == ' ' {
		at++
	}
	whole := r.text
	r.text = whole[:end]
	at = r.element(e, at)
	if r.text = whole; at != end {
		return -1
	}
	return at
}

func (r *reading) element(e *element, at int) int {
	rest := r.text[at:]
	switch e.kind {
	case readText:
		if !hasPrefix(rest, e.text) {
			return -1
		}
		return at + len(e.text)
	case readNumber, readShortYear:
		return r.number(e, at)
	case readFraction:
		return r.fraction(e, at)
	case readName:
		return r.name(e, at)
	case readOffset:
		return r.offset(e, at)
	case readNamedOffset:
		return r.namedOffset(e, at)
	}
	return r.zoneName(e, at)
}

// number reads digits with what may stand in front of them.
func (r *reading) number(e *element, at int) int {
	start := at
	var sign byte
	if at < len(r.text) && (r.text[at] == '-' || r.text[at] == '+') {
		sign = r.text[at]
		if e.signs == unsigned || e.signs == negatable && sign == '+' {
			return -1
		}
		at++
	}
	n := countDigits(r.text[at:], e.max+e.reserved)
	if n < e.min {
		return -1
	}
	if e.reserved > 0 {
		n = max(e.min, n-e.reserved)
	}
	v := int64(0)
	for _, c := range r.text[at : at+n] {
		v = min(v, 1<<62/10)*10 + int64(c-'0')
	}
	switch {
	case sign == '-' && v == 0:
		return -1
	case sign == '-':
		v = -v
	case e.signs == exceedsPad && (sign == '+') != (n > e.min):
		return -1
	}
	if e.kind == readShortYear {
		v += 2000
	}
	if at += n; at == start || !r.put(e.into, v) {
		return -1
	}
	return at
}

// fraction reads digits behind the point of a second.
func (r *reading) fraction(e *element, at int) int {
	if countDigits(r.text[at:], e.max) < e.min {
		return -1
	}
	v := int64(0)
	for i := range 9 {
		if v *= 10; i < e.max {
			v += int64(r.text[at+i] - '0')
		}
	}
	if !r.put(nanoField, v) {
		return -1
	}
	return at + e.max
}
