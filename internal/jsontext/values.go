package jsontext

// Values walks over the values of a text in which JSON values follow each other: after white space, or directly where one
// of the two is an object, an array or a string. {"a":1}{"b":2} holds two, while 01 and truefalse are faults. A byte
// order mark in front is passed over.
type Values struct {
	data []byte
	at   int
	bare bool // the value before ended directly here, with a number or a literal
}

// NewValues begins at the first value of data.
func NewValues(data []byte) Values {
	i := 0
	if len(data) >= len(ByteOrderMark) && string(data[:len(ByteOrderMark)]) == ByteOrderMark {
		i = len(ByteOrderMark)
	}
	i, _ = SkipSpace(data, i)
	return Values{data: data, at: i}
}

// More says whether there is another value, or something that is none.
func (v *Values) More() bool { return v.at < len(v.data) }

// At is the index of the next value, or of what is wrong, or the length of the data.
func (v *Values) At() int { return v.at }

// Next checks the next value and returns it, and whether a line ends inside it, outside strings. After a fault there is
// no next one.
func (v *Values) Next() (value []byte, multiline bool, fault string) {
	start := v.at
	first := v.data[start]
	delimited := first == '{' || first == '[' || first == '"'
	if v.bare && !delimited {
		return nil, false, "unexpected character after a number or literal"
	}
	end, multiline, fault := ScanValue(v.data, start)
	if fault != "" {
		v.at = end
		return nil, false, fault
	}
	v.at, _ = SkipSpace(v.data, end)
	v.bare = v.at == end && !delimited
	return v.data[start:end:end], multiline, ""
}
