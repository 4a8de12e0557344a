package firehose

import (
	"maps"
	"slices"
	"strings"
)

// template is a CloudFormation template whose intrinsic functions are evaluated.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
type template struct {
	parameters, mappings, resources map[string]any
	conditions                      map[string]any
	decided                         map[string]string // conditions: true, false, or a text with references
	names                           map[string]string // of resources
	set                             *values
	defaults                        map[string]string // of parameters that were used
	depth                           int
}

func newTemplate(m map[string]any, set *values) *template {
	section := func(name string) map[string]any {
		s, _ := m[name].(map[string]any)
		return s
	}
	return &template{
		parameters: section("Parameters"), mappings: section("Mappings"), resources: section("Resources"), conditions: section("Conditions"),
		decided: make(map[string]string), names: make(map[string]string), set: set, defaults: make(map[string]string),
	}
}

// fromTemplate finds the delivery streams of a template.
func fromTemplate(m map[string]any, set *values) (found []Found) {
	resources, _ := m["Resources"].(map[string]any)
	for _, id := range slices.Sorted(maps.Keys(resources)) {
		resource, _ := resources[id].(map[string]any)
		if resource["Type"] != "AWS::KinesisFirehose::DeliveryStream" {
			continue
		}
		t := newTemplate(m, set)
		properties, _ := t.eval(resource["Properties"]).(map[string]any)
		if properties == nil {
			properties = map[string]any{}
		}
		f := decoded("CloudFormation", properties)
		f.Address = id
		f.Region, _ = set.get("AWS::Region")
		for _, name := range slices.Sorted(maps.Keys(t.defaults)) {
			f.Defaults = append(f.Defaults, name+"="+shown(t.defaults[name]))
		}
		found = append(found, f)
	}
	return found
}

// omitted is what AWS::NoValue becomes: the member is left out.
type omitted struct{}

// eval evaluates all functions in a tree.
func (t *template) eval(v any) any {
	if t.depth > 200 {
		return unresolved("functions that are nested too deep")
	}
	t.depth++
	defer func() { t.depth-- }()
	switch v := v.(type) {
	case map[string]any:
		if name, arg, ok := intrinsic(v); ok {
			return t.call(name, arg)
		}
		out := make(map[string]any, len(v))
		for name, value := range v {
			if value = t.eval(value); value != (omitted{}) {
				out[name] = value
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, item := range v {
			if item = t.eval(item); item != (omitted{}) {
				out = append(out, item)
			}
		}
		return out
	case string:
		return dynamicReference(v)
	}
	return v
}

// intrinsic tells {"Ref": …}, {"Condition": …} and {"Fn::…": …} from other mappings.
func intrinsic(m map[string]any) (name string, arg any, ok bool) {
	if len(m) != 1 {
		return "", nil, false
	}
	for name, arg = range m {
	}
	return name, arg, name == "Ref" || strings.HasPrefix(name, "Fn::")
}

// dynamicReference is a text in which {{resolve:…}} became references.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
func dynamicReference(text string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(text, "{{resolve:")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		ref, rest, ok := strings.Cut(after, "}}")
		if !ok {
			return b.String() + "{{resolve:" + after
		}
		b.WriteString(unresolved("resolve:" + ref))
		text = rest
	}
}

// ref is the value of a parameter, a pseudo parameter or a resource.
func (t *template) ref(name string) any {
	if v, ok := t.set.get(name); ok {
		return v
	}
	switch name {
	case "AWS::NoValue":
		return omitted{}
	case "AWS::Partition":
		return "aws"
	case "AWS::URLSuffix":
		return "amazonaws.com"
	}
	if parameter, ok := t.parameters[name].(map[string]any); ok {
		kind, _ := parameter["Type"].(string)
		value, given := parameter["Default"].(string)
		if !given || strings.HasPrefix(kind, "AWS::SSM::Parameter::") { // whose default is a name
			return unresolved(name)
		}
		t.defaults[name] = value
		if kind == "CommaDelimitedList" || strings.HasPrefix(kind, "List<") {
			return textList(strings.Split(value, ","))
		}
		return value
	}
	return t.nameOf(name, name)
}

func textList(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = strings.TrimSpace(text)
	}
	return list
}
