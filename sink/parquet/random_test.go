package parquet

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// randomColumns draws a schema of a few columns.
func randomColumns(r *rand.Rand, strict bool) (columns []Column) {
	for i := range 1 + r.IntN(6) {
		c := Column{Name: fmt.Sprintf("c%d", i), Type: randomType(r, strict, 1)}
		switch r.IntN(8) {
		case 0:
			c.Key = fmt.Sprintf("Key.%d", i)
		case 1:
			c.Name = fmt.Sprintf("Col_%d", i)
		case 2:
			c.Key = "shared"
		}
		columns = append(columns, c)
	}
	return columns
}

func randomType(r *rand.Rand, strict bool, depth int) string {
	if depth < 4 {
		switch r.IntN(7) {
		case 0:
			return "array<" + randomType(r, strict, depth+1) + ">"
		case 1:
			return "map<string," + randomType(r, strict, depth+1) + ">"
		case 2:
			var fields []string
			for i := range 1 + r.IntN(4) {
				fields = append(fields, fmt.Sprintf("%s%d:%s", pick(r, "f", "F_"), i, randomType(r, strict, depth+1)))
			}
			return "struct<" + strings.Join(fields, ",") + ">"
		}
	}
	leaves := []string{"tinyint", "smallint", "int", "bigint", "float", "double", "boolean", "string", "char(4)", "varchar(5)", "date", "timestamp",
		"decimal", "decimal(5,2)", "decimal(18,9)", "decimal(19,3)", "decimal(38,10)"}
	if strict {
		leaves = append(leaves, "binary")
	}
	return pick(r, leaves...)
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func randomOptions(r *rand.Rand) Options {
	return Options{
		Timestamps: Timestamps(r.IntN(4)), CaseSensitive: r.IntN(4) == 0, DotsToUnderscores: r.IntN(4) == 0,
		Rest: r.IntN(3) == 0, Strict: r.IntN(3) == 0, Epoch: Epoch(r.IntN(4)),
	}
}

// writer makes JSON for a schema; wild is how many values of a hundred are of any form.
type writer struct {
	*rand.Rand
	schema *Schema
	wild   int
}

func (w *writer) record() string {
	var b strings.Builder
	if w.IntN(20) == 0 {
		b.WriteString("\ufeff")
	}
	for range 1 + w.IntN(3)*w.IntN(2) {
		b.WriteString(w.space())
		var parts []string
		for i, c := range w.schema.root.hiveType.fields {
			switch w.IntN(10) {
			case 0:
				continue
			case 1:
				parts = append(parts, `"unknown`+fmt.Sprint(i)+`":`+w.anything(2))
			}
			parts = append(parts, w.key(c.key)+w.space()+":"+w.space()+w.value(c.typ))
		}
		w.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		b.WriteString("{" + w.space() + strings.Join(parts, w.space()+","+w.space()) + w.space() + "}")
	}
	b.WriteString(w.space())
	return b.String()
}

func (w *writer) space() string { return pick(w.Rand, "", "", "", "", " ", "\n", "\r\n\t") }

// key writes a key in some case, some of its letters escaped.
func (w *writer) key(name string) string {
	var b strings.Builder
	for _, c := range name {
		if w.IntN(20) == 0 && !w.schema.options.CaseSensitive {
			c = []rune(strings.ToUpper(string(c)))[0]
		}
		if w.IntN(60) == 0 {
			fmt.Fprintf(&b, `\u%04x`, c)
		} else {
			b.WriteRune(c)
		}
	}
	return `"` + b.String() + `"`
}

func (w *writer) number() string {
	return pick(w.Rand, "0", "-0", "1", "-1", "7", "12", "127", "128", "-129", "1.5", "-2.25", "1e2", "1E-3", "0.005", "99999", "32768", "2147483648",
		"999999999999", "1000000000000", "-1000000000001", "1518033528.123456", "1675146135164", "9223372036854775807", "9223372036854775808",
		"0.1", "12345678901234567890.123", "1e300", "1e400", fmt.Sprint(w.Int64()), fmt.Sprint(w.Float64()), fmt.Sprint(w.Int32()), fmt.Sprint(w.IntN(1000)))
}

func (w *writer) text() string {
	return `"` + pick(w.Rand, "", "x", "abcd", "hello world", "ÄÖ", "😀", `a\"b`, `\\`, `\/`, `\u0041\u00e9`, `\ud83d\ude00`, `\ud800`, "true", "False", " ",
		"2026-09-07", "2026-9-7", "2026-09-07T12:00:02Z", "2026-09-07 1:2:3.25", "2026-09-07T12:00:02.123456789+02:00", "2024-02-30", "1969-12-31 23:59:59.999999999",
		"AQID", "oops", "0x1F", " 12 ", strings.Repeat("y", w.IntN(200)), w.number()) + `"`
}

func (w *writer) anything(depth int) string {
	n := 6
	if depth == 0 {
		n = 4
	}
	switch w.IntN(n) {
	case 0:
		return w.number()
	case 1:
		return pick(w.Rand, "true", "false", "null")
	case 4:
		var parts []string
		for range w.IntN(4) {
			parts = append(parts, w.anything(depth-1))
		}
		return "[" + strings.Join(parts, w.space()+","+w.space()) + "]"
	case 5:
		var parts []string
		for i := range w.IntN(4) {
			parts = append(parts, w.key(fmt.Sprintf("%s%d", pick(w.Rand, "F_", "f", "k.", "Ü", `\n`), i))+":"+w.space()+w.anything(depth-1))
		}
		return "{" + strings.Join(parts, ",") + w.space() + "}"
	}
	return w.text()
}

func (w *writer) value(t *hiveType) string {
	if w.IntN(100) < w.wild {
		return w.anything(3)
	}
	if w.IntN(12) == 0 {
		return "null"
	}
	switch t.kind {
	case structure:
		var parts []string
		for _, f := range t.fields {
			if w.IntN(6) > 0 {
				parts = append(parts, w.key(f.key)+":"+w.space()+w.value(f.typ))
			}
		}
		return "{" + strings.Join(parts, ",") + "}"
	case list:
		var parts []string
		for range w.IntN(4) {
			parts = append(parts, w.value(t.elem))
		}
		return "[" + strings.Join(parts, ","+w.space()) + w.space() + "]"
	case mapping:
		var parts []string
		for i := range w.IntN(pick(w.Rand, 4, 4, 4, 80)) {
			parts = append(parts, w.key(fmt.Sprintf("k%d", i))+":"+w.value(t.elem))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case tinyint, smallint, integer, bigint:
		return fmt.Sprint(w.IntN(200) - 100)
	case float, double:
		return fmt.Sprint(float32(w.NormFloat64()))
	case decimal:
		return fmt.Sprintf("%.*f", w.IntN(t.scale+1), w.Float64()*0.9)
	case boolean:
		return pick(w.Rand, "true", "false")
	case date:
		return fmt.Sprintf(`"%04d-%02d-%02d"`, w.IntN(10000), 1+w.IntN(12), 1+w.IntN(28))
	case timestamp:
		return fmt.Sprintf(`"%04d-%02d-%02dT%02d:%02d:%02d.%dZ"`, 1700+w.IntN(500), 1+w.IntN(12), 1+w.IntN(28), w.IntN(24), w.IntN(60), w.IntN(60), w.IntN(1e9))
	case binary:
		return pick(w.Rand, `"AQID"`, `""`, `"\/+8="`)
	}
	if t.length > 0 {
		return `"abc"`
	}
	return w.text()
}
