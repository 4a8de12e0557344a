package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// Option describes one key.
type Option struct {
	Key     string // dotted, such as buffer.size; outputs[].bucket for a key of every output, likewise steps[]
	Env     string // environment variable that sets it, with <n> for the number of the output or step
	Type    string // text, size, duration, number or bool
	Default string // as it is written in the file, or in words where it follows from other keys
	Allowed string // values in words, empty for any
	Meaning string // one line

	// limits, from the tags
	oneof, later []string
	min, max     string
}

// Values are the values that the key takes, where they can be listed.
func (o Option) Values() (values []string) {
	if o.Type == "bool" {
		return []string{"true", "false"}
	}
	for _, v := range o.oneof {
		if v != "" && !slices.Contains(o.later, v) {
			values = append(values, v)
		}
	}
	return values
}

const envPrefix = "STANDPIPE_"

// Options lists every key in the order of Config.
func Options() []Option {
	var all []Option
	c := Default()
	c.Steps, c.Outputs = []Step{DefaultStep()}, []Output{DefaultOutput()}
	walk(reflect.ValueOf(&c).Elem(), "", func(key string, o Option, _ reflect.Value) {
		o.Key = strings.Replace(key, "[0]", "[]", 1)
		o.Env = envName(strings.Replace(key, "[0]", "[<n>]", 1))
		all = append(all, o)
	})
	return all
}

// envName makes STANDPIPE_OUTPUTS_0_BUCKET of outputs[0].bucket.
func envName(key string) string {
	key = strings.NewReplacer(".", "_", "[", "_", "]", "").Replace(strings.ToUpper(key))
	return envPrefix + strings.ReplaceAll(key, "<N>", "<n>")
}

// walk calls visit for each scalar below v, with its key, its description and
// the field itself.
func walk(v reflect.Value, path string, visit func(key string, o Option, field reflect.Value)) {
	for i := range v.NumField() {
		f, field := v.Type().Field(i), v.Field(i)
		name := f.Tag.Get("mapstructure")
		if name == "" {
			continue
		}
		key := join(path, name)
		switch field.Kind() {
		case reflect.Struct:
			walk(field, key, visit)
		case reflect.Slice:
			for j := range field.Len() {
				walk(field.Index(j), fmt.Sprintf("%s[%d]", key, j), visit)
			}
		default:
			visit(key, describe(f, field), field)
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// describe makes an Option, without its names, of a field and its tags.
func describe(f reflect.StructField, field reflect.Value) Option {
	o := Option{
		Type:    "text",
		Default: fmt.Sprint(field.Interface()),
		Allowed: f.Tag.Get("allowed"),
		Meaning: f.Tag.Get("desc"),
		oneof:   split(f.Tag.Get("oneof")),
		later:   split(f.Tag.Get("later")),
		min:     f.Tag.Get("min"),
		max:     f.Tag.Get("max"),
	}
	switch field.Interface().(type) {
	case Size:
		o.Type = "size"
	case Duration:
		o.Type = "duration"
	case int:
		o.Type = "number"
	case bool:
		o.Type = "bool"
		o.Allowed = "true or false"
	}
	if derived := f.Tag.Get("derived"); derived != "" {
		o.Default = derived
	}
	switch {
	case o.oneof != nil:
		o.Allowed = inWords(o.oneof)
	case o.min != "" && o.max != "":
		o.Allowed = o.min + " to " + o.max
	case o.min != "":
		o.Allowed = "at least " + o.min
	}
	return o
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// inWords prints "a, b or c".
func inWords(values []string) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = v
		if v == "" {
			words[i] = "empty"
		}
	}
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// setText sets a field to what text says in the field's type.
func setText(field reflect.Value, text string) error {
	if u, ok := field.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch field.Kind() {
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("must be a whole number")
		}
		field.SetInt(int64(n))
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("must be true or false")
		}
		field.SetBool(b)
	default:
		field.SetString(text)
	}
	return nil
}

// MarkdownTable prints Options as the table of docs/configuration.md, with a newline at its
// end.
func MarkdownTable() string {
	var b strings.Builder
	b.WriteString("| Key | Default | Allowed | Meaning |\n|---|---|---|---|\n")
	for _, o := range Options() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", o.Key, cell(o.Default, o.Default != "" && !strings.Contains(o.Default, " ")), cell(o.Allowed, false), cell(o.Meaning, false))
	}
	return b.String()
}

func cell(text string, code bool) string {
	if code {
		return "`" + strings.ReplaceAll(text, "|", `\|`) + "`"
	}
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`).Replace(text)
}

// Flags registers a flag named after each key, except those of the steps and outputs.
// The values are checked by Load, together with all others.
func Flags(fs *pflag.FlagSet) {
	for _, o := range Options() {
		if strings.Contains(o.Key, "[") {
			continue
		}
		usage := o.Meaning
		if o.Allowed != "" {
			usage += " (" + o.Allowed + ")"
		}
		f := fs.VarPF(&flagText{kind: o.Type}, o.Key, "", usage)
		f.DefValue = o.Default
		if o.Type == "bool" {
			f.NoOptDefVal = "true"
		}
	}
}

// flagText is the value of a flag as it was written.
type flagText struct{ text, kind string }

var _ pflag.Value = (*flagText)(nil)

func (v *flagText) String() string { return v.text }
func (v *flagText) Type() string   { return v.kind }
func (v *flagText) Set(text string) error {
	v.text = text
	return nil
}
