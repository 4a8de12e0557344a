package firehose

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mapping is a mapping of a YAML file that is written with comments.
type mapping struct{ node *yaml.Node }

func newMapping() mapping { return mapping{&yaml.Node{Kind: yaml.MappingNode}} }

// set adds a key. The comment stands behind the value.
func (m mapping) set(key, value, comment string) {
	v := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	switch {
	case strings.Contains(value, "\n") && !strings.ContainsAny(value, "\t\r") && strings.TrimSpace(value) == value:
		v.Style = yaml.LiteralStyle
	case value == "" || strings.ContainsAny(value, "{}!&*#\"'`@%\t\r\n"):
		v.Style = yaml.DoubleQuotedStyle
	}
	m.add(key, v, comment)
}

// plain adds a key whose value is no text: a number, a size, true or false.
func (m mapping) plain(key, value, comment string) {
	m.add(key, &yaml.Node{Kind: yaml.ScalarNode, Value: value}, comment)
}

func (m mapping) add(key string, v *yaml.Node, comment string) {
	k := &yaml.Node{Kind: yaml.ScalarNode, Value: key}
	if comment != "" && v.Style == yaml.LiteralStyle {
		k.HeadComment = inComment(comment)
	} else if comment != "" {
		v.LineComment = inComment(comment)
	}
	m.node.Content = append(m.node.Content, k, v)
}

// inComment makes one line of a comment.
func inComment(text string) string { return "# " + strings.Join(strings.Fields(shown(text)), " ") }

// section adds a mapping below a key, with a comment above it.
func (m mapping) section(key, comment string) mapping {
	below := newMapping()
	k := &yaml.Node{Kind: yaml.ScalarNode, Value: key}
	if comment != "" {
		k.HeadComment = inComment(comment)
	}
	m.node.Content = append(m.node.Content, k, below.node)
	return below
}

// list adds a list of mappings below a key.
func (m mapping) list(key string, items []mapping) {
	v := &yaml.Node{Kind: yaml.SequenceNode}
	for _, item := range items {
		v.Content = append(v.Content, item.node)
	}
	m.node.Content = append(m.node.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, v)
}

// render prints the whole, below lines of comment.
func (m mapping) render(head []string) ([]byte, error) {
	var b bytes.Buffer
	for _, line := range head {
		b.WriteString(inComment(line) + "\n")
	}
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(m.node); err != nil {
		return nil, err
	}
	return b.Bytes(), e.Close()
}

func textNode(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }

// doubleQuoted is for text of which every character must be seen.
func doubleQuoted(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Style: yaml.DoubleQuotedStyle}
}
