package jsontext

// ByteOrderMark is that of UTF-8. RFC 8259 forbids it at the start of a text and lets readers ignore it there.
const ByteOrderMark = "\xef\xbb\xbf"

// SkipSpace returns the index of the first byte at or after i that is not JSON white space, and whether it passed a
// line end.
func SkipSpace(data []byte, i int) (next int, lineEnd bool) {
	for ; i < len(data); i++ {
		switch data[i] {
		case ' ', '\t':
		case '\n', '\r':
			lineEnd = true
		default:
			return i, lineEnd
		}
	}
	return i, lineEnd
}

// AppendCompact appends a valid JSON value without its insignificant white space.
func AppendCompact(dst, value []byte) []byte {
	from := 0
	for i := 0; i < len(value); {
		switch value[i] {
		case ' ', '\t', '\n', '\r':
			dst = append(dst, value[from:i]...)
			i, _ = SkipSpace(value, i)
			from = i
		case '"':
			i, _ = ScanString(value, i)
		default:
			i++
		}
	}
	return append(dst, value[from:]...)
}
