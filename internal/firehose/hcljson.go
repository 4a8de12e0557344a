package firehose

import (
	"errors"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// readJSON reads a file in Terraform's JSON syntax, as CDK for Terraform writes it too: blocks are objects, texts are
// templates.
// https://developer.hashicorp.com/terraform/language/syntax/json
func (m *module) readJSON(f File) error {
	trees, err := jsonTrees(f.Data)
	if err != nil {
		return err
	}
	for _, tree := range trees {
		top, ok := tree.(map[string]any)
		if !ok {
			return errors.New("it must hold an object")
		}
		m.add(jsonFile{top})
	}
	return nil
}

// labels says how many labels the blocks of a file have.
var labels = map[string]int{"variable": 1, "locals": 0, "resource": 2, "data": 2, "module": 1, "provider": 1}

// jsonFile is a whole file.
type jsonFile struct{ tree map[string]any }

func (f jsonFile) attributes() map[string]expression { return nil }

func (f jsonFile) blocks() (all []block) {
	for _, kind := range slices.Sorted(maps.Keys(f.tree)) {
		if n, known := labels[kind]; known {
			all = append(all, labelled(kind, nil, n, f.tree[kind])...)
		}
	}
	return all
}

// labelled takes n levels of objects as labels.
func labelled(kind string, names []string, n int, v any) (all []block) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			all = append(all, labelled(kind, names, n, item)...)
		}
	case map[string]any:
		if n == 0 {
			return []block{{kind, names, jsonBody{v}}}
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			all = append(all, labelled(kind, append(slices.Clone(names), name), n-1, v[name])...)
		}
	}
	return all
}

// jsonBody is the inside of a block. What is an object or a list is an attribute: blocks can not be told from it without
// a schema, and need not be.
type jsonBody struct{ tree map[string]any }

func (b jsonBody) attributes() map[string]expression {
	all := make(map[string]expression, len(b.tree))
	for name, v := range b.tree {
		all[name] = jsonExpression{v}
	}
	return all
}

func (b jsonBody) blocks() []block { return nil }

type jsonExpression struct{ tree any }

// parse reads a text as a template.
func (e jsonExpression) parse() (hclsyntax.Expression, bool) {
	text, ok := e.tree.(string)
	if !ok || tooDeep([]byte(text)) {
		return nil, false
	}
	parsed, diags := hclsyntax.ParseTemplate([]byte(text), "", hcl.InitialPos)
	return parsed, !diags.HasErrors()
}

func (e jsonExpression) needs() (all []hcl.Traversal) {
	if parsed, ok := e.parse(); ok {
		return parsed.Variables()
	}
	for _, part := range e.parts() {
		all = append(all, part.needs()...)
	}
	return all
}

// parts are the values in an object or a list.
func (e jsonExpression) parts() (all []jsonExpression) {
	switch v := e.tree.(type) {
	case []any:
		for _, item := range v {
			all = append(all, jsonExpression{item})
		}
	case map[string]any:
		for _, item := range v {
			all = append(all, jsonExpression{item})
		}
	}
	return all
}

func (e jsonExpression) value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	switch v := e.tree.(type) {
	case string:
		if parsed, ok := e.parse(); ok {
			return parsed.Value(ctx)
		}
		return cty.StringVal(v), nil
	case []any:
		items := make([]cty.Value, 0, len(v))
		for _, item := range v {
			value, diags := jsonExpression{item}.value(ctx)
			if diags.HasErrors() {
				return cty.DynamicVal, diags
			}
			items = append(items, value)
		}
		return cty.TupleVal(items), nil
	case map[string]any:
		members := make(map[string]cty.Value, len(v))
		for name, item := range v {
			value, diags := jsonExpression{item}.value(ctx)
			if diags.HasErrors() {
				return cty.DynamicVal, diags
			}
			members[name] = value
		}
		return cty.ObjectVal(members), nil
	}
	return cty.NullVal(cty.DynamicPseudoType), nil
}

func (e jsonExpression) source() string { return toText(e.tree) }
