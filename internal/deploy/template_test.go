package deploy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const cloudformation = "deploy/cloudformation/standpipe.yaml"

// call is an intrinsic function in the template: !Name arg.
type call struct {
	name string
	arg  any
}

// noValue is what AWS::NoValue takes out of lists and maps.
type noValue struct{}

// template is the CloudFormation template, and what it makes of values for its parameters.
type template struct {
	t          *testing.T
	text       map[string]any
	parameters map[string]string
	used       map[string]bool // parameters and conditions that were asked for
}

// parse reads the template with the defaults of its parameters, and those given.
func parse(t *testing.T, given map[string]string) *template {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(read(t, cloudformation)), &root); err != nil {
		t.Fatal(err)
	}
	c := &template{t: t, text: plain(t, root.Content[0]).(map[string]any), parameters: map[string]string{
		"AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333", "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com",
	}, used: map[string]bool{}}
	for name, p := range c.section("Parameters") {
		value, ok := given[name]
		if !ok {
			value = fmt.Sprint(p.(map[string]any)["Default"])
		}
		c.parameters[name] = value
	}
	return c
}

func (c *template) section(name string) map[string]any { return c.text[name].(map[string]any) }

// plain makes maps, lists, texts and calls of YAML.
func plain(t *testing.T, n *yaml.Node) any {
	t.Helper()
	var value any
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(t, n.Content[i+1])
		}
		value = m
	case yaml.SequenceNode:
		list := []any{}
		for _, e := range n.Content {
			list = append(list, plain(t, e))
		}
		value = list
	case yaml.ScalarNode:
		value = n.Value
	default:
		t.Fatalf("line %d: neither map, list nor text", n.Line)
	}
	if name, ok := strings.CutPrefix(n.Tag, "!"); ok && !strings.HasPrefix(name, "!") {
		return call{name, value}
	}
	return value
}

// eval carries the intrinsic functions out.
func (c *template) eval(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for k, e := range v {
			if e = c.eval(e); e != (noValue{}) {
				m[k] = e
			}
		}
		return m
	case []any:
		list := []any{}
		for _, e := range v {
			if e = c.eval(e); e != (noValue{}) {
				list = append(list, e)
			}
		}
		return list
	case call:
		return c.do(v)
	}
	return v
}

func (c *template) do(f call) any {
	args, _ := f.arg.([]any)
	switch f.name {
	case "Ref":
		return c.ref(f.arg.(string))
	case "GetAtt":
		return c.attribute(f.arg.(string))
	case "Sub":
		if args == nil {
			return c.sub(f.arg.(string), nil)
		}
		return c.sub(args[0].(string), c.eval(args[1]).(map[string]any))
	case "If":
		if c.holds(args[0].(string)) {
			return c.eval(args[1])
		}
		return c.eval(args[2])
	case "Equals":
		return c.eval(args[0]) == c.eval(args[1])
	case "Not":
		return c.eval(args[0]) == false
	case "Join":
		var parts []string
		for _, p := range c.eval(args[1]).([]any) {
			parts = append(parts, p.(string))
		}
		return strings.Join(parts, args[0].(string))
	case "Split":
		list := []any{}
		for _, p := range strings.Split(c.eval(args[1]).(string), args[0].(string)) {
			list = append(list, p)
		}
		return list
	}
	c.t.Fatalf("function !%s is not known here", f.name)
	return nil
}

func (c *template) ref(name string) any {
	c.used[name] = true
	if name == "AWS::NoValue" {
		return noValue{}
	}
	if value, ok := c.parameters[name]; ok {
		return value
	}
	r := c.resource(name)
	for _, named := range []string{"TableName", "LogGroupName", "BucketName"} {
		if n, ok := r[named]; ok {
			return c.eval(n)
		}
	}
	return "ref-" + strings.ToLower(name) // a bucket may be called so
}

func (c *template) attribute(of string) any {
	name, attribute, ok := strings.Cut(of, ".")
	if !ok {
		c.t.Errorf("!GetAtt %s names no attribute", of)
	}
	c.resource(name)
	return "attribute-" + name + "-" + attribute
}

// resource gives a resource's properties.
func (c *template) resource(name string) map[string]any {
	c.t.Helper()
	r, ok := c.section("Resources")[name].(map[string]any)
	if !ok {
		c.t.Fatalf("no resource or parameter %s", name)
	}
	properties, _ := r["Properties"].(map[string]any)
	return properties
}

// made gives a resource's properties as they are when the stack is made.
func (c *template) made(name string) map[string]any {
	c.t.Helper()
	return c.eval(c.resource(name)).(map[string]any)
}

func (c *template) holds(condition string) bool {
	c.used[condition] = true
	f, ok := c.section("Conditions")[condition].(call)
	if !ok {
		c.t.Fatalf("no condition %s", condition)
	}
	return c.do(f).(bool)
}

var hole = regexp.MustCompile(`\$\{([^}]*)\}`)

func (c *template) sub(text string, with map[string]any) string {
	return hole.ReplaceAllStringFunc(text, func(m string) string {
		name := m[2 : len(m)-1]
		literal, escaped := strings.CutPrefix(name, "!")
		switch value, local := with[name]; {
		case escaped:
			return "${" + literal + "}"
		case local:
			return value.(string)
		case strings.Contains(name, ".") && !strings.Contains(name, "::"):
			return c.attribute(name).(string)
		}
		return c.ref(name).(string)
	})
}

// everything asks for all that the template can make.
var everything = map[string]string{"MakeStream": "true", "GlueDatabase": "lake", "Front": "request", "AlarmTopic": "arn:aws:sns:eu-west-1:111122223333:ops", "StreamName": "clicks"}

// TestTemplateHangsTogether: every name leads to something, every parameter and condition is used.
func TestTemplateHangsTogether(t *testing.T) {
	c := parse(t, everything)
	for name, v := range c.section("Resources") {
		r := v.(map[string]any)
		if condition, ok := r["Condition"].(string); ok {
			c.holds(condition)
		}
		if r["Type"] == nil {
			t.Errorf("%s has no type", name)
		}
		for _, kept := range []string{"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Kinesis::Stream"} {
			if r["Type"] == kept && (r["DeletionPolicy"] != "Retain" || r["UpdateReplacePolicy"] != "Retain") {
				t.Errorf("%s goes with the stack", name)
			}
		}
		c.eval(v)
	}
	c.eval(c.text["Outputs"])
	for name := range c.section("Conditions") {
		c.holds(name)
	}
	unused := maps.Clone(c.section("Parameters"))
	for name := range c.used {
		delete(unused, name)
	}
	delete(unused, "BucketName") // used where it is given
	if len(unused) > 0 {
		t.Errorf("unused: %v", slices.Sorted(maps.Keys(unused)))
	}
	for name, v := range c.section("Parameters") {
		if p := v.(map[string]any); p["Description"] == nil || p["Type"] == nil {
			t.Errorf("parameter %s says not what it is", name)
		}
	}
}
