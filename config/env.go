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

var entryEnv = regexp.MustCompile(`^STANDPIPE_(OUTPUTS|STEPS)_(0|[1-9]\d{0,3})_(.+)$`)

// readEnv turns STANDPIPE_ variables into nested maps as readYAML does. The
// outputs and steps in it are those of the file with the variables laid over them.
func (l *loader) readEnv(env []string, file map[string]any) map[string]any {
	keys := make(map[string]string)
	for _, o := range Options() {
		keys[o.Env] = o.Key
	}
	values := make(map[string]any)
	entries := make(map[string][]entryVar)
	for _, pair := range env {
		name, text, _ := strings.Cut(pair, "=")
		if text == "" || !strings.HasPrefix(name, envPrefix) || foreignEnv.MatchString(pair) {
			continue
		}
		n, pattern, list := -1, name, ""
		if m := entryEnv.FindStringSubmatch(name); m != nil {
			n, _ = strconv.Atoi(m[2])
			pattern, list = envPrefix+m[1]+"_<n>_"+m[3], strings.ToLower(m[1])
		}
		key, known := keys[pattern]
		section, last, _ := strings.Cut(key, ".")
		switch {
		case !known || strings.Contains(name, "<"):
			l.addAt(printable(name), 0, "unknown environment variable; "+suggestEnv(name, n), "")
		case n >= 0:
			entries[list] = append(entries[list], entryVar{n, name, last, text})
		default:
			l.origins[key] = origin{from: name}
			if values[section] == nil {
				values[section] = make(map[string]any)
			}
			values[section].(map[string]any)[last] = text
		}
	}
	for list, vars := range entries {
		listed, _ := file[list].([]any)
		values[list] = l.overlay(list, listed, vars)
	}
	return values
}

// entryVar is the variable that sets one key of entry n of a list.
type entryVar struct {
	n               int
	name, key, text string
}

// overlay lays variables over the entries of the file's list, which it extends.
func (l *loader) overlay(list string, entries []any, vars []entryVar) []any {
	slices.SortStableFunc(vars, func(a, b entryVar) int { return cmp.Compare(a.n, b.n) })
	for _, v := range vars {
		if v.n > len(entries) {
			one := strings.TrimSuffix(list, "s")
			l.addAt(v.name, 0, fmt.Sprintf("sets %s %d, but %s %d is missing; %s count from 0", one, v.n, one, len(entries), list), "")
			continue
		}
		path := fmt.Sprintf("%s[%d]", list, v.n)
		if v.n == len(entries) {
			entries = append(entries, nil)
			l.origins[path] = origin{}
		}
		entry, _ := entries[v.n].(map[string]any)
		if entry == nil {
			entry = make(map[string]any)
			entries[v.n] = entry
		}
		section, key := entry, v.key
		if sub, below, nested := strings.Cut(key, "."); nested {
			section, _ = entry[sub].(map[string]any)
			if section == nil {
				section = make(map[string]any)
				entry[sub] = section
			}
			key = below
		}
		section[key] = v.text
		l.origins[path+"."+v.key] = origin{from: v.name}
	}
	return entries
}

// suggestEnv says which variable was meant by an unknown one; n is the number
// of the output or step that it speaks of, -1 if none.
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
