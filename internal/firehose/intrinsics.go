package firehose

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// call evaluates one function. What can not be evaluated becomes a reference.
func (t *template) call(name string, arg any) any {
	name = strings.TrimPrefix(name, "Fn::")
	if name == "If" {
		return t.choose(arg)
	}
	if name == "Sub" {
		return t.sub(arg)
	}
	if isCondition(name) {
		return t.decide(map[string]any{"Fn::" + name: arg})
	}
	arg = t.eval(arg)
	list, _ := arg.([]any)
	text, isText := arg.(string)
	switch {
	case name == "Ref" && isText:
		return t.ref(text)
	case name == "GetAtt" && isText: // as YAML allows
		resource, attribute, _ := strings.Cut(text, ".")
		return t.attribute(resource, attribute)
	case name == "GetAtt" && len(list) == 2:
		return t.attribute(toText(list[0]), toText(list[1]))
	case name == "Join" && len(list) == 2:
		if parts, ok := list[1].([]any); ok {
			return bounded(join(parts, toText(list[0])), "Fn::Join")
		}
	case name == "Select" && len(list) == 2:
		if parts, ok := list[1].([]any); ok {
			if i, err := strconv.Atoi(toText(list[0])); err == nil && i >= 0 && i < len(parts) {
				return parts[i]
			}
		}
	case name == "Split" && len(list) == 2:
		if at := toText(list[0]); at != "" && len(refs(toText(list[1]))) == 0 {
			return textList(strings.Split(toText(list[1]), at))
		}
	case name == "Base64" && isText && len(refs(text)) == 0:
		return base64.StdEncoding.EncodeToString([]byte(text))
	case name == "FindInMap" && len(list) >= 3:
		if v, ok := t.find(list); ok {
			return v
		}
	}
	return t.unknown(name, arg)
}

// unknown is the reference for a function that can not be evaluated, unless somebody has set it.
func (t *template) unknown(name string, arg any) any {
	ref := name
	switch arg := arg.(type) {
	case string:
		ref += " " + shown(arg)
	case []any:
		ref += " " + shown(join(arg, " "))
	}
	if v, ok := t.set.get(ref); ok {
		return v
	}
	return unresolved(ref)
}

func join(parts []any, with string) string {
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = toText(part)
	}
	return strings.Join(texts, with)
}

func toText(v any) string {
	text, _ := v.(string)
	return text
}

// find looks up Fn::FindInMap.
func (t *template) find(keys []any) (any, bool) {
	v := any(t.mappings)
	for _, key := range keys[:3] {
		m, _ := v.(map[string]any)
		var ok bool
		if v, ok = m[toText(key)]; !ok {
			return nil, false
		}
	}
	return v, true
}

// sub evaluates Fn::Sub, with or without variables of its own.
func (t *template) sub(arg any) any {
	var own map[string]any
	if list, ok := arg.([]any); ok && len(list) == 2 {
		arg = list[0]
		own, _ = t.eval(list[1]).(map[string]any)
	}
	text, ok := arg.(string)
	if !ok {
		return unresolved("Sub")
	}
	text = dynamicReference(text)
	var b strings.Builder
	for b.Len() <= longestText {
		before, after, ok := strings.Cut(text, "${")
		b.WriteString(before)
		name, rest, closed := strings.Cut(after, "}")
		if !ok || !closed {
			if ok {
				b.WriteString("${" + after)
			}
			return bounded(b.String(), "Fn::Sub")
		}
		b.WriteString(t.variable(strings.TrimSpace(name), own))
		text = rest
	}
	return unresolved("Fn::Sub")
}

// variable is the value of ${name} in Fn::Sub.
func (t *template) variable(name string, own map[string]any) string {
	if literal, ok := strings.CutPrefix(name, "!"); ok {
		return "${" + literal + "}"
	}
	if v, ok := own[name]; ok {
		if text, ok := v.(string); ok {
			return text
		}
		return unresolved(name)
	}
	if resource, attribute, ok := strings.Cut(name, "."); ok {
		return t.attribute(resource, attribute)
	}
	if text, ok := t.ref(name).(string); ok {
		return text
	}
	return unresolved(name)
}
