package firehose

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mostNodes is how large a tree may become when the aliases of a YAML file are followed.
const mostNodes = 1 << 20

// jsonTrees reads one JSON value, or several behind each other.
func jsonTrees(data []byte) ([]any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var all []any
	for {
		var v any
		if err := d.Decode(&v); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, fromJSON(v))
	}
}

// fromJSON makes texts of scalars.
func fromJSON(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for name, value := range v {
			m[clean(name)] = fromJSON(value)
		}
		return m
	case []any:
		for i := range v {
			v[i] = fromJSON(v[i])
		}
		return v
	case nil:
		return nil
	case string:
		return clean(v)
	}
	return clean(fmt.Sprint(v))
}

// yamlTrees reads the documents of a YAML file. CloudFormation's short forms, such as !Sub, become long ones.
func yamlTrees(data []byte) ([]any, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	y := &yamlReader{left: mostNodes}
	var all []any
	for {
		var doc yaml.Node
		if err := d.Decode(&doc); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
		}
		for _, n := range doc.Content {
			all = append(all, y.tree(n, 0))
		}
		if y.left <= 0 {
			return nil, errors.New("its aliases make it too large")
		}
	}
}

// yamlReader counts nodes, so that aliases of aliases end.
type yamlReader struct{ left int }

func (y *yamlReader) tree(n *yaml.Node, depth int) any {
	y.left--
	if n == nil || y.left <= 0 || depth > 1000 {
		y.left = min(y.left, 0)
		return nil
	}
	var v any
	switch n.Kind {
	case yaml.AliasNode:
		return y.tree(n.Alias, depth+1)
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[clean(n.Content[i].Value)] = y.tree(n.Content[i+1], depth+1)
		}
		v = m
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			list = append(list, y.tree(item, depth+1))
		}
		v = list
	default:
		if n.Tag != "!!null" || n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			v = clean(n.Value)
		}
	}
	return longForm(n.Tag, v)
}

// longForm makes {"Fn::Sub": v} of !Sub v.
func longForm(tag string, v any) any {
	name, short := strings.CutPrefix(tag, "!")
	if !short || name == "" || strings.HasPrefix(name, "!") {
		return v
	}
	switch name {
	case "Ref", "Condition":
	case "GetAtt":
		if text, ok := v.(string); ok {
			resource, attribute, _ := strings.Cut(text, ".")
			v = []any{resource, attribute}
		}
		fallthrough
	default:
		name = "Fn::" + name
	}
	return map[string]any{name: v}
}
