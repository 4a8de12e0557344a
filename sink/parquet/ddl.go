package parquet

import (
	"fmt"
	"strings"
)

// ParseColumns reads columns as they stand in a CREATE TABLE of Hive or Athena: name and type, separated by commas, with
// or without comments, which are dropped. Behind the type may stand FROM and the JSON key that fills the column, in
// quotes where it holds spaces or commas. Types are not looked at. Its error is a *SchemaError.
//
//	id bigint,
//	`at` timestamp FROM requestTime COMMENT 'arrival at the API',
//	tags array<struct<name:string, n:decimal(9,2)>>
func ParseColumns(text string) ([]Column, error) {
	var columns []Column
	var problems []Problem
	for i, definition := range definitions(text) {
		c, problem := column(definition)
		if problem != "" {
			name := c.Name
			if name == "" {
				name = fmt.Sprint(i + 1)
			}
			problems = append(problems, Problem{name, problem})
		}
		columns = append(columns, c)
	}
	if len(problems) > 0 {
		return nil, &SchemaError{problems}
	}
	return columns, nil
}

// definitions splits at the commas that lie in no type and no quotes. A comma at the end is no harm.
func definitions(text string) []string {
	var all []string
	depth, start := 0, 0
	var quote rune
	for i, c := range text {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case strings.ContainsRune("`'\"", c):
			quote = c
		case c == '<' || c == '(':
			depth++
		case c == '>' || c == ')':
			depth--
		case c == ',' && depth <= 0:
			all = append(all, text[start:i])
			start = i + 1
		}
	}
	if rest := text[start:]; strings.TrimSpace(rest) != "" {
		all = append(all, rest)
	}
	return all
}

// column reads one definition, or says what is wrong with it.
func column(text string) (c Column, problem string) {
	text = strings.TrimSpace(text)
	c.Name, text = token(text)
	if c.Name == "" {
		return c, "no name stands between two commas"
	}
	at, word := clause(text)
	c.Type, text = strings.TrimSpace(text[:at]), text[at:]
	if c.Type == "" {
		return c, "has no type; write name and type, such as id bigint"
	}
	for word != "" {
		text = strings.TrimSpace(text[len(word):])
		var value string
		value, text = token(text)
		if value == "" {
			return c, "nothing follows " + strings.ToUpper(word)
		}
		if word == "from" {
			if c.Key != "" {
				return c, "has two keys"
			}
			c.Key = value
		}
		if at, word = clause(text); strings.TrimSpace(text[:at]) != "" {
			return c, fmt.Sprintf("unexpected %q behind its definition", clip(strings.TrimSpace(text[:at]), 32))
		}
		text = text[at:]
	}
	return c, ""
}

// token takes a word, or what stands between quotes, from the beginning of text.
func token(text string) (word, rest string) {
	if text != "" && strings.IndexByte("`'\"", text[0]) >= 0 {
		if end := strings.IndexByte(text[1:], text[0]); end >= 0 {
			return text[1 : end+1], text[end+2:]
		}
	}
	if end := strings.IndexAny(text, " \t\r\n"); end >= 0 {
		return text[:end], text[end:]
	}
	return text, ""
}

// clause finds the first FROM or COMMENT that stands alone outside of a type. Without one it gives the end of text.
func clause(text string) (at int, word string) {
	depth, before := 0, byte(' ')
	for i := range len(text) {
		c := text[i]
		switch c {
		case '<', '(':
			depth++
		case '>', ')':
			depth--
		}
		if depth == 0 && (before == ' ' || before == '\t' || before == '\n' || before == '\r' || before == '>' || before == ')') {
			for _, w := range []string{"from", "comment"} {
				if end := i + len(w); end <= len(text) && strings.EqualFold(text[i:end], w) && (end == len(text) || strings.IndexByte(" \t\r\n'\"`", text[end]) >= 0) {
					return i, w
				}
			}
		}
		before = c
	}
	return len(text), ""
}
