// Package jsontext is the one reading of JSON that all formats share: scanners that check a value and say where it ends,
// without building anything from it. What one format takes for JSON, every other does, byte for byte.
//
// The grammar is RFC 8259, with valid UTF-8 required; an escape of a lone surrogate is accepted, as the RFC leaves it to
// the reader. Nothing here recurses or limits nesting. A fault is a noun phrase such as "control character in a string"
// that never repeats bytes of the data, so it can go into logs and error records as it is; the index beside it is that of
// the first offending byte.
package jsontext
