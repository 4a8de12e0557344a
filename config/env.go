package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// foreignEnv matches variables that are not meant as keys: the one that names
// the file, and those that Kubernetes sets in every pod beside a service
// called standpipe.
var foreignEnv = regexp.MustCompile(`^STANDPIPE_(CONFIG=|SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?=|PORT_\d+_[A-Z0-9_]+=|PORT=(tcp|udp|sctp)://)`)

var outputEnv = regexp.MustCompile(`^STANDPIPE_OUTPUTS_(0|[1-9]\d{0,3})_(.+)$`)

// readEnv turns STANDPIPE_ variables into nested maps as readYAML does. The
// outputs in it are those of the file with the variables laid over them.
func (l *loader) readEnv(env []string, file map[string]any) map[string]any {
	keys := make(map[string]string)
	for _, o := range Options() {
		keys[o.Env] = o.Key
	}
	values := make(map[string]any)
	var outputs []outputVar
	for _, pair := range env {
		name, text, _ := strings.Cut(pair, "=")
		if text == "" || !strings.HasPrefix(name, envPrefix) || foreignEnv.MatchString(pair) {
			continue
		}
		n, pattern := -1, name
		if m := outputEnv.FindStringSubmatch(name); m != nil {
			n, _ = strconv.Atoi(m[1])
			pattern = envPrefix + "OUTPUTS_<n>_" + m[2]
		}
		key, known := keys[pattern]
		section, last, _ := strings.Cut(key, ".")
		switch {
		case !known || strings.Contains(name, "<"):
			l.addAt(printable(name), 0, "unknown environment variable; "+suggestEnv(name, n), "")
		case n >= 0:
			outputs = append(outputs, outputVar{n, name, last, text})
		default:
			l.origins[key] = origin{from: name}
			if values[section] == nil {
				values[section] = make(map[string]any)
			}
			values[section].(map[string]any)[last] = text
		}
	}
	if len(outputs) > 0 {
		listed, _ := file["outputs"].([]any)
		values["outputs"] = l.overlay(listed, outputs)
	}
	return values
}

// outputVar is the variable that sets one key of output n.
type outputVar struct {
	n               int
	name, key, text string
}

// overlay lays variables over the outputs of the file, which it extends.
func (l *loader) overlay(outputs []any, vars []outputVar) []any {
	slices.SortStableFunc(vars, func(a, b outputVar) int { return cmp.Compare(a.n, b.n) })
	for _, v := range vars {
		if v.n > len(outputs) {
			l.addAt(v.name, 0, fmt.Sprintf("sets output %d, but output %d is missing; outputs count from 0", v.n, len(outputs)), "")
			continue
		}
		path := fmt.Sprintf("outputs[%d]", v.n)
		if v.n == len(outputs) {
			outputs = append(outputs, nil)
			l.origins[path] = origin{}
		}
		output, _ := outputs[v.n].(map[string]any)
		if output == nil {
			output = make(map[string]any)
			outputs[v.n] = output
		}
		section, key := output, v.key
		if sub, below, nested := strings.Cut(key, "."); nested {
			section, _ = output[sub].(map[string]any)
			if section == nil {
				section = make(map[string]any)
				output[sub] = section
			}
			key = below
		}
		section[key] = v.text
		l.origins[path+"."+v.key] = origin{from: v.name}
	}
	return outputs
}

// suggestEnv says which variable was meant by an unknown one; n is the number
// of the output that it speaks of, -1 if none.
func suggestEnv(name string, n int) string {
	var names []string
	for _, o := range Options() {
		env := strings.Replace(o.Env, "<n>", strconv.Itoa(max(n, 0)), 1)
		names = append(names, strings.TrimPrefix(env, envPrefix))
	}
	if near := nearest(strings.TrimPrefix(name, envPrefix), names); near != "" {
		return "did you mean " + envPrefix + near + "?"
	}
	return "variables are named after keys, such as STANDPIPE_BUFFER_SIZE"
}
