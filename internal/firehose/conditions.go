package firehose

import "slices"

func isCondition(name string) bool {
	return slices.Contains([]string{"Equals", "And", "Or", "Not"}, name)
}

// choose evaluates Fn::If. Where nobody can say whether the condition holds, the reference names it.
func (t *template) choose(arg any) any {
	list, _ := arg.([]any)
	if len(list) != 3 {
		return unresolved("If")
	}
	name := toText(list[0])
	switch t.condition(name) {
	case "true":
		return t.eval(list[1])
	case "false":
		return t.eval(list[2])
	}
	return unresolved("If " + name)
}

// condition is true, false or something else for a condition of the template.
func (t *template) condition(name string) string {
	if decided, ok := t.decided[name]; ok {
		return decided
	}
	t.decided[name] = "" // while it is evaluated, since conditions may go round in circles
	if definition, ok := t.conditions[name]; ok {
		t.decided[name] = t.decide(definition)
	}
	return t.decided[name]
}

// decide evaluates the functions of conditions.
func (t *template) decide(v any) string {
	if t.depth > 200 {
		return ""
	}
	t.depth++
	defer func() { t.depth-- }()
	m, _ := v.(map[string]any)
	if name, ok := m["Condition"].(string); ok && len(m) == 1 {
		return t.condition(name)
	}
	name, arg, _ := intrinsic(m)
	list, _ := arg.([]any)
	switch {
	case name == "Fn::Equals" && len(list) == 2:
		a, aok := t.eval(list[0]).(string)
		b, bok := t.eval(list[1]).(string)
		if !aok || !bok || len(refs(a)) > 0 || len(refs(b)) > 0 {
			return ""
		}
		return truth(a == b)
	case name == "Fn::Not" && len(list) == 1:
		switch t.decide(list[0]) {
		case "true":
			return "false"
		case "false":
			return "true"
		}
	case name == "Fn::And" || name == "Fn::Or":
		ends := truth(name == "Fn::Or") // what one of them decides
		result := truth(name == "Fn::And")
		for _, item := range list {
			switch t.decide(item) {
			case ends:
				return ends
			case "":
				result = ""
			}
		}
		return result
	}
	return ""
}

func truth(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
