package partition

// Piece is a part of a prefix that is evaluated on its own: literal text, a field of the time, a random string or a partition
// key.
type Piece struct {
	Text   string // of literals; else empty
	Field  byte   // the pattern letter of a field of the time; 0 for others
	Width  int    // how often the letter stands there
	Padded bool   // spaces are put in front of the field
	Random bool   // a random string
	Key    *Key   // of a partition key
}

// Pieces returns the parts of the prefix in their order, with what is appended to a prefix that has no expression. The
// error type of an error prefix is left out. The month in digits is always M, never L.
func (p *Prefix) Pieces() []Piece {
	var pieces []Piece
	for _, s := range p.segments {
		switch s.field {
		case literal:
			pieces = append(pieces, Piece{Text: s.text})
		case random:
			pieces = append(pieces, Piece{Random: true})
		case keyValue:
			key := p.keys[s.key]
			pieces = append(pieces, Piece{Key: &key})
		case errorType:
		default:
			if s.field == 'L' && s.digits() {
				s.field = 'M'
			}
			pieces = append(pieces, Piece{Field: s.field, Width: s.width, Padded: s.pad > 0})
		}
	}
	return pieces
}
