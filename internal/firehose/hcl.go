package firehose

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// mostHCL bounds the files of a module, since the parser's depth grows with what it reads.
const mostHCL = 1 << 20

// readModule finds the delivery streams of a Terraform module. Its variables take their defaults, unless a .tfvars file or
// set has a value; what belongs to other modules, providers and state stays a reference.
func readModule(files []File, set *values) ([]Found, error) {
	m := newModule(set)
	size := 0
	for _, f := range files {
		if size += len(f.Data); size > mostHCL {
			return nil, fmt.Errorf("read %s: the files are larger than %d MiB together: give the output of `terraform show -json`", f.Name, mostHCL>>20)
		}
		if path.Ext(f.Name) == ".json" || strings.HasPrefix(strings.TrimSpace(string(f.Data)), "{") {
			if err := m.readJSON(f); err != nil {
				return nil, fmt.Errorf("read %s: %w", f.Name, err)
			}
			continue
		}
		if err := m.readNative(f); err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Name, err)
		}
	}
	found := m.streams()
	if len(found) == 0 && len(m.modules) > 0 {
		slices.Sort(m.modules)
		return nil, fmt.Errorf("there is no %s in it, but there are modules (%s): give the output of `terraform show -json`, which has what is in them", resourceType, strings.Join(m.modules, ", "))
	}
	return found, nil
}

// module is what is known of a Terraform module.
type module struct {
	set       *values
	variables map[string]expression // the defaults
	types     map[string]expression // of variables
	given     map[string]expression // by .tfvars files
	locals    map[string]expression
	resources map[string]body // by address, that of data with data. in front
	modules   []string
	region    expression // of the provider without an alias
	known     map[string]cty.Value
	defaults  map[string]string // of variables that were used
	depth     int
}

func newModule(set *values) *module {
	return &module{
		set: set, variables: make(map[string]expression), types: make(map[string]expression), given: make(map[string]expression), locals: make(map[string]expression),
		resources: make(map[string]body), known: make(map[string]cty.Value), defaults: make(map[string]string),
	}
}

// readNative reads a file of Terraform's own language.
func (m *module) readNative(f File) error {
	text := []byte(clean(string(f.Data)))
	if tooDeep(text) {
		return errDeep
	}
	parsed, diags := hclsyntax.ParseConfig(text, f.Name, hcl.InitialPos)
	if diags.HasErrors() {
		return diags
	}
	b := nativeBody{parsed.Body.(*hclsyntax.Body), text}
	if path.Ext(f.Name) != ".tfvars" {
		m.add(b)
		return nil
	}
	for name, e := range b.attributes() {
		m.given[name] = e
	}
	return nil
}

var errDeep = errors.New("it is nested too deep")

// tooDeep says that a text might make the parser, which is recursive, run out of its stack. It knows no strings and no
// comments, so its limits are far from what people write.
func tooDeep(text []byte) bool {
	const most = 500
	depth, signs, conditions := 0, 0, 0
	for _, c := range text {
		switch c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth = max(depth-1, 0)
		case '!', '-':
			signs++
			if signs > most {
				return true
			}
			continue
		case '?':
			conditions++
		case ' ', '\t', '\r', '\n':
			continue
		}
		if signs = 0; depth > most || conditions > most {
			return true
		}
	}
	return false
}

// add takes what a file defines.
func (m *module) add(b body) {
	for _, block := range b.blocks() {
		switch {
		case block.kind == "variable" && len(block.labels) == 1:
			attributes := block.body.attributes()
			if e, ok := attributes["default"]; ok {
				m.variables[block.labels[0]] = e
			}
			if e, ok := attributes["type"]; ok {
				m.types[block.labels[0]] = e
			}
		case block.kind == "locals":
			for name, e := range block.body.attributes() {
				m.locals[name] = e
			}
		case block.kind == "resource" && len(block.labels) == 2:
			m.resources[strings.Join(block.labels, ".")] = block.body
		case block.kind == "data" && len(block.labels) == 2:
			m.resources["data."+strings.Join(block.labels, ".")] = block.body
		case block.kind == "module" && len(block.labels) == 1:
			m.modules = append(m.modules, clean(block.labels[0]))
		case block.kind == "provider" && len(block.labels) == 1 && block.labels[0] == "aws":
			attributes := block.body.attributes()
			if _, alias := attributes["alias"]; !alias {
				m.region = attributes["region"]
			}
		}
	}
}

// body is the inside of a block in either of Terraform's languages.
type body interface {
	attributes() map[string]expression
	blocks() []block
}

// block is a block with its labels.
type block struct {
	kind   string
	labels []string
	body   body
}

// expression is the value of an argument, before it is evaluated.
type expression interface {
	// needs lists what the expression refers to.
	needs() []hcl.Traversal
	// value evaluates it.
	value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics)
	// source is how it is written.
	source() string
}

// nativeBody is a body of Terraform's own language.
type nativeBody struct {
	*hclsyntax.Body
	text []byte
}

func (b nativeBody) attributes() map[string]expression {
	all := make(map[string]expression, len(b.Attributes))
	for name, a := range b.Attributes {
		all[name] = nativeExpression{a.Expr, b.text}
	}
	return all
}

func (b nativeBody) blocks() []block {
	all := make([]block, 0, len(b.Blocks))
	for _, inner := range b.Blocks {
		all = append(all, block{inner.Type, inner.Labels, nativeBody{inner.Body, b.text}})
	}
	return all
}

type nativeExpression struct {
	hclsyntax.Expression
	text []byte
}

func (e nativeExpression) needs() []hcl.Traversal { return e.Variables() }

func (e nativeExpression) value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	return e.Value(ctx)
}

func (e nativeExpression) source() string { return string(e.Range().SliceBytes(e.text)) }
