package consumer

import "encoding/binary"

// base64Values[k][c] is what character c contributes at place k of four, and more than 24 bits for one that is not in
// the standard alphabet (RFC 4648, section 4).
var base64Values = func() (table [4][256]uint32) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for k := range table {
		for c := range table[k] {
			table[k][c] = 1 << 24
		}
		for value, c := range alphabet {
			table[k][c] = uint32(value) << (18 - 6*k)
		}
	}
	return table
}()

// decodeBase64 decodes b over itself and returns the length of the result, or false for what base64.StdEncoding refuses
// and for line ends, which that skips. encoding/base64 is not used since it does not promise to work in place.
func decodeBase64(b []byte) (n int, ok bool) {
	if len(b) == 0 {
		return 0, true
	}
	if len(b)%4 != 0 {
		return 0, false
	}
	last := len(b) - 4
	i := 0
	// Eight characters make six bytes. They are written as eight, of which the last two are overwritten next: all lie
	// before the characters still to be read, since n is at most i.
	for ; i+8 <= last; i += 8 {
		src := b[i : i+8 : i+8]
		high := base64Values[0][src[0]] | base64Values[1][src[1]] | base64Values[2][src[2]] | base64Values[3][src[3]]
		low := base64Values[0][src[4]] | base64Values[1][src[5]] | base64Values[2][src[6]] | base64Values[3][src[7]]
		if (high|low)>>24 != 0 {
			return 0, false
		}
		binary.BigEndian.PutUint64(b[n:], uint64(high)<<40|uint64(low)<<16)
		n += 6
	}
	for ; i <= last; i += 4 {
		quad := [4]byte(b[i:])
		size := 3
		if i == last && quad[3] == '=' {
			quad[3] = 'A'
			size = 2
			if quad[2] == '=' {
				quad[2] = 'A'
				size = 1
			}
		}
		bits := base64Values[0][quad[0]] | base64Values[1][quad[1]] | base64Values[2][quad[2]] | base64Values[3][quad[3]]
		if bits>>24 != 0 {
			return 0, false
		}
		decoded := [3]byte{byte(bits >> 16), byte(bits >> 8), byte(bits)}
		n += copy(b[n:], decoded[:size])
	}
	return n, true
}
