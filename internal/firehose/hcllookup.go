package firehose

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// lookup finds the value that a traversal begins with, and how many of its steps lead there.
func (m *module) lookup(t hcl.Traversal) (cty.Value, int) {
	root, names := t.RootName(), attributeNames(t)
	switch {
	case root == "var" && len(t) > 1 && names[1] != "":
		return m.named(t, m.variable(names[1]))
	case root == "local" && len(t) > 1 && names[1] != "":
		return m.named(t, m.local(names[1]))
	}
	first, address := 0, ""
	if root == "data" {
		first, address = 1, "data."
	}
	if len(t) > first+2 && names[first] != "" && names[first+1] != "" && !strings.Contains("|each|count|module|path|terraform|self|", "|"+root+"|") {
		address += names[first] + "." + names[first+1]
		for i := first + 2; i < len(t); i++ {
			if names[i] != "" {
				return m.attribute(address, names[i], traversalText(t[:i+1])), i + 1
			}
		}
	}
	return cty.StringVal(m.reference(traversalText(t))), len(t)
}

// named is the value of a variable or a local value. Where that is a reference and a part of it is asked for, the
// reference names the part.
func (m *module) named(t hcl.Traversal, v cty.Value) (cty.Value, int) {
	if len(t) > 2 && !v.IsNull() && v.Type() == cty.String && len(refs(v.AsString())) > 0 {
		return cty.StringVal(m.reference(traversalText(t))), len(t)
	}
	return v, 2
}

// variable is what was set for a variable, or given in a .tfvars file, or its default.
func (m *module) variable(name string) cty.Value {
	if text, ok := m.set.get(name, "var."+name); ok {
		return m.typed(name, text)
	}
	if e, ok := m.given[name]; ok {
		return m.once("var."+name, e)
	}
	e, ok := m.variables[name]
	if !ok {
		return cty.StringVal(unresolved("var." + name))
	}
	v := m.once("var."+name, e)
	left := 100
	if text, ok := fromCty(v, &left).(string); ok {
		m.defaults[clean(name)] = text
	}
	return v
}

// typed is a value from the command line in the type of its variable, as Terraform reads -var: numbers and booleans are
// converted, lists and maps are expressions. What does not fit is text.
func (m *module) typed(name, text string) cty.Value {
	kind := ""
	if e := m.types[name]; e != nil {
		kind = e.source()
	} else if e := m.variables[name]; e != nil {
		kind = m.once("default of "+name, e).Type().FriendlyName()
	}
	v := cty.StringVal(text)
	switch word := regexp.MustCompile(`^[a-z]*`).FindString(kind); word {
	case "bool", "number":
		to := cty.Bool
		if word == "number" {
			to = cty.Number
		}
		if converted, err := convert.Convert(v, to); err == nil {
			return converted
		}
	case "list", "set", "map", "object", "tuple":
		if tooDeep([]byte(text)) {
			break
		}
		parsed, diags := hclsyntax.ParseExpression([]byte(text), "", hcl.InitialPos)
		if diags.HasErrors() {
			break
		}
		if value, ok := m.evaluate(nativeExpression{parsed, []byte(text)}, nil); ok {
			return value
		}
	}
	return v
}

func (m *module) local(name string) cty.Value {
	if e, ok := m.locals[name]; ok {
		return m.once("local."+name, e)
	}
	return cty.StringVal(m.reference("local." + name))
}

// once evaluates an expression at its first use. While that goes on, and where it fails, it is a reference.
func (m *module) once(key string, e expression) cty.Value {
	if v, ok := m.known[key]; ok {
		return v
	}
	m.known[key] = cty.StringVal(m.reference(key))
	v, ok := m.evaluate(e, nil)
	if !ok || v.Type() == cty.String && !v.IsNull() && len(v.AsString()) > longestText {
		return m.known[key]
	}
	m.known[key] = v
	return v
}

// resourceNames are the arguments that hold the names of resources which ARNs end with.
var resourceNames = map[string]struct{ argument, arn string }{
	"aws_kinesis_stream":  {"name", "kinesis:R:A:stream/"},
	"aws_s3_bucket":       {"bucket", "s3:::"},
	"aws_lambda_function": {"function_name", "lambda:R:A:function:"},
}

// attribute is the value of a resource's attribute, from its own arguments if that is possible.
func (m *module) attribute(address, attribute, ref string) cty.Value {
	if v, ok := m.set.get(ref); ok {
		return cty.StringVal(v)
	}
	kind, _, _ := strings.Cut(strings.TrimPrefix(address, "data."), ".")
	var arguments map[string]expression
	if b, ok := m.resources[address]; ok {
		arguments = b.attributes()
	}
	if e, ok := arguments[attribute]; ok && e != nil {
		return m.once(address+"."+attribute, e)
	}
	named, ok := resourceNames[kind]
	switch {
	case address == "data.aws_region.current" || kind == "aws_region" && attribute != "endpoint" && attribute != "description":
		if m.region != nil {
			return m.once("provider.aws.region", m.region)
		}
	case !ok || arguments[named.argument] == nil:
	case attribute == "id" && kind != "aws_kinesis_stream":
		return m.once(address+"."+named.argument, arguments[named.argument])
	case attribute == "arn" || attribute == "id":
		left := 2
		name, isText := fromCty(m.once(address+"."+named.argument, arguments[named.argument]), &left).(string)
		if isText && name != "" {
			arn := strings.Replace(named.arn, ":R:", ":"+m.regionText()+":", 1)
			arn = strings.Replace(arn, ":A:", ":"+m.reference("account_id")+":", 1)
			return cty.StringVal("arn:aws:" + arn + name)
		}
	}
	return cty.StringVal(unresolved(ref))
}

func (m *module) regionText() string {
	if m.region != nil {
		if text, ok := m.tree(m.region, nil).(string); ok {
			return text
		}
	}
	return m.reference("region")
}

// attributeNames are the names of a traversal's steps, empty for what is no name.
func attributeNames(t hcl.Traversal) []string {
	names := make([]string, len(t))
	for i, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			names[i] = step.Name
		case hcl.TraverseAttr:
			names[i] = step.Name
		}
	}
	return names
}

// traversalText is a traversal as it is written.
func traversalText(t hcl.Traversal) string {
	var b strings.Builder
	for i, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(step.Name)
		case hcl.TraverseAttr:
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(step.Name)
		case hcl.TraverseIndex:
			key := keyText(step.Key)
			if step.Key.Type() == cty.String {
				key = strconv.Quote(key)
			}
			b.WriteString("[" + key + "]")
		}
	}
	return b.String()
}
