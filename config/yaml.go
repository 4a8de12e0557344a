package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// readYAML turns the file's text into nested maps whose leaves are the
// scalars as they are written, and notes the line of each.
func (l *loader) readYAML(file string, data []byte) map[string]any {
	root, err := parseYAML(data)
	if err != nil {
		line := syntaxLine(data)
		text := "is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")
		if line > 0 {
			text = "is not YAML: " + yamlPlace.ReplaceAllString(err.Error(), "")
		}
		if lines := bytes.Split(data, []byte("\n")); line > 0 && line <= len(lines) && bytes.Contains(lines[line-1], []byte("\t")) {
			text += "; indent with spaces, not tabs"
		}
		l.problems = append(l.problems, Problem{Field: file, Line: line, Text: text})
		return nil
	}
	if root == nil {
		return nil
	}
	return l.mapping(root, reflect.TypeFor[Config](), "", file)
}

var yamlPlace = regexp.MustCompile(`^yaml: (line \d+: )?`)

// parseYAML returns the root of the only document, nil if there is none.
func parseYAML(data []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := d.Decode(&second); err == nil {
		return nil, errors.New("a second document begins; keep everything in one")
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return doc.Content[0], nil
}

// syntaxLine returns the first line from which on every beginning of data is
// broken, 0 for a file too long to try all of them. The parser's own line is
// often that of the enclosing block.
func syntaxLine(data []byte) int {
	lines := bytes.SplitAfter(data, []byte("\n"))
	if len(lines)*len(data) > 16<<20 {
		return 0
	}
	for n, end := len(lines), len(data); n > 0; n-- {
		end -= len(lines[n-1])
		if _, err := parseYAML(data[:end]); err == nil {
			return n
		}
	}
	return 1
}

// mapping reads a mapping whose keys are those of the struct t.
func (l *loader) mapping(n *yaml.Node, t reflect.Type, path, where string) map[string]any {
	n = follow(n)
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		l.addAt(where, n.Line, "must hold keys and values; write "+t.Field(0).Tag.Get("mapstructure")+": … below it", "")
		return nil
	}
	values := make(map[string]any)
	first := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := follow(n.Content[i]), n.Content[i+1]
		field, ok := fieldOf(t, k.Value)
		key := join(path, printable(k.Value))
		switch {
		case k.Kind != yaml.ScalarNode || !ok:
			l.addAt(key, k.Line, "unknown key; "+suggest(t, k.Value), "")
			continue
		case first[k.Value] > 0:
			l.addAt(key, k.Line, fmt.Sprintf("duplicate key; it stands on line %d already", first[k.Value]), "")
			continue
		}
		first[k.Value] = k.Line
		if v := l.value(v, field.Type, key, k.Line); v != nil {
			values[k.Value] = v
		}
	}
	return values
}

// value reads what stands behind a key, nil if that is nothing.
func (l *loader) value(n *yaml.Node, t reflect.Type, key string, line int) any {
	n = follow(n)
	l.origins[key] = origin{line: line}
	switch {
	case isNull(n):
		return nil
	case t.Kind() == reflect.Struct:
		return l.mapping(n, t, key, key)
	case t.Kind() == reflect.Slice:
		return l.list(n, t.Elem(), key)
	case n.Kind != yaml.ScalarNode:
		l.addAt(key, n.Line, "must be a single value", "")
		return nil
	}
	l.origins[key] = origin{line: n.Line}
	return n.Value
}

func (l *loader) list(n *yaml.Node, t reflect.Type, key string) any {
	if n.Kind != yaml.SequenceNode {
		l.addAt(key, n.Line, "must be a list; begin each entry with a dash", "")
		return nil
	}
	items := make([]any, len(n.Content))
	for i, item := range n.Content {
		path := fmt.Sprintf("%s[%d]", key, i)
		l.origins[path] = origin{line: item.Line}
		items[i] = l.mapping(item, t, path, path)
	}
	return items
}

// follow returns the node that an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// fieldOf returns the field of t for a key.
func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if f := t.Field(i); key != "" && f.Tag.Get("mapstructure") == key {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// printable makes an unknown key fit to be shown on one line.
func printable(key string) string {
	if key == "" {
		return "(no name)"
	}
	return strings.Trim(strconv.Quote(mask(key)), `"`)
}
