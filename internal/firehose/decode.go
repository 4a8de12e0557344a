package firehose

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A tree is what the files are read into: map[string]any, []any, string and nil. Numbers and booleans are texts, since
// CloudFormation and Terraform take them so too.

// decoder fills structs from trees, by the names of their fields, and collects what it can not place.
type decoder struct {
	unknown []string // members that no field has
	wrong   []string // sentences about values that do not fit
}

// decode fills into from v, which stands at path.
func (d *decoder) decode(v any, into reflect.Value, path string) {
	if list, ok := v.([]any); ok && len(list) <= 1 && into.Kind() != reflect.Slice { // a block of Terraform
		v = nil
		if len(list) == 1 {
			v = list[0]
		}
		if v == nil && len(list) == 1 && isBlock(into.Type()) {
			v = map[string]any{} // an empty block, as Terraform shows it
		}
	}
	if v == nil {
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		if text, ok := v.(string); ok && text == "" && into.Type().Elem().Kind() != reflect.String {
			return
		}
		p := reflect.New(into.Type().Elem())
		before := len(d.wrong)
		d.decode(v, p.Elem(), path)
		if _, whole := v.(map[string]any); whole || len(d.wrong) == before {
			into.Set(p)
		}
	case reflect.Struct:
		d.members(v, into, path)
	case reflect.Slice:
		d.list(v, into, path)
	case reflect.Map:
		d.texts(v, into, path)
	default:
		d.scalar(v, into, path)
	}
}

// isBlock says that a type is a struct or a pointer to one.
func isBlock(t reflect.Type) bool {
	return t.Kind() == reflect.Struct || t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct
}

func (d *decoder) members(v any, into reflect.Value, path string) {
	if into.Type() == reflect.TypeFor[ignored]() {
		return
	}
	values, ok := v.(map[string]any)
	if !ok {
		d.misfit(v, path, "members")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		at := name
		if path != "" {
			at = path + "." + name
		}
		if field := into.FieldByName(name); field.IsValid() && name != "" {
			d.decode(values[name], field, at)
		} else if !empty(values[name]) {
			d.unknown = append(d.unknown, shown(at))
		}
	}
}

func (d *decoder) list(v any, into reflect.Value, path string) {
	items, ok := v.([]any)
	if !ok {
		items = []any{v} // CloudFormation takes one for a list of one
	}
	for i, item := range items {
		e := reflect.New(into.Type().Elem()).Elem()
		d.decode(item, e, fmt.Sprintf("%s[%d]", path, i))
		into.Set(reflect.Append(into, e))
	}
}

func (d *decoder) texts(v any, into reflect.Value, path string) {
	values, ok := v.(map[string]any)
	if !ok {
		d.misfit(v, path, "names and values")
		return
	}
	texts := make(map[string]string, len(values))
	for name, value := range values {
		if text, ok := value.(string); ok {
			texts[name] = text
		}
	}
	into.Set(reflect.ValueOf(texts))
}

func (d *decoder) scalar(v any, into reflect.Value, path string) {
	text, ok := v.(string)
	switch {
	case !ok:
		d.misfit(v, path, "a single value")
	case into.Kind() == reflect.String:
		into.SetString(text)
	case into.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(strings.ToLower(text))
		if err != nil {
			d.misfit(v, path, "true or false")
		}
		into.SetBool(b)
	case into.Kind() == reflect.Int:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || n != float64(int64(n)) || n < 0 || n > 1<<40 {
			d.misfit(v, path, "a whole number")
			return
		}
		into.SetInt(int64(n))
	}
}

// misfit notes a value that can not be read.
func (d *decoder) misfit(v any, path, want string) {
	text, ok := v.(string)
	switch {
	case ok && len(refs(text)) > 0:
		d.wrong = append(d.wrong, fmt.Sprintf("%s: %s is not known from the file; Firehose's default is taken", shown(path), shown(text)))
	case ok:
		d.wrong = append(d.wrong, fmt.Sprintf("%s: must be %s (got %s); Firehose's default is taken", shown(path), want, strconv.Quote(shown(text))))
	default:
		d.wrong = append(d.wrong, fmt.Sprintf("%s: must be %s; Firehose's default is taken", shown(path), want))
	}
}

// empty says that a value holds nothing.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == "" || v == "false"
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !empty(item) })
	case map[string]any:
		for _, item := range v {
			if !empty(item) {
				return false
			}
		}
		return true
	}
	return false
}
