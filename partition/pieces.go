package partition

// Piece is a part of a prefix that is evaluated on its own: literal text, a field of the time, or a random string.
type Piece struct {
	Text   string // of literals; else empty
	Field  byte   // the pattern letter of a field of the time: y, u, M, d, H, m or s; 0 for others
	Width  int    // how often the letter stands there
	Random bool   // a random string
}

// Pieces returns the parts of the prefix in their order, with what is appended to a prefix that has no expression. The
// error type of an error prefix is left out.
func (p *Prefix) Pieces() []Piece {
	var pieces []Piece
	for _, s := range p.segments {
		switch s.field {
		case literal:
			pieces = append(pieces, Piece{Text: s.text})
		case random:
			pieces = append(pieces, Piece{Random: true})
		case errorType:
		default:
			pieces = append(pieces, Piece{Field: byte(s.field), Width: s.width})
		}
	}
	return pieces
}
