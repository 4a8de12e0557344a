package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Source is where a configuration comes from. Of a key that is set in several
// places, the flag counts first, then the environment, then the file.
type Source struct {
	// File is the path of the YAML file; empty reads none.
	File string
	// Env holds NAME=value pairs as os.Environ returns them. Variables that do
	// not begin with STANDPIPE_, and those that are empty, are not looked at.
	Env []string
	// Flags is a parsed set in which Flags registered, or nil. Other flags in
	// it are not looked at.
	Flags *pflag.FlagSet
}

// Load reads and checks a configuration. Its error is nil or a Problems with
// everything that is wrong. The Config is returned in both cases, as far as it
// could be read, so that a caller can add what it finds wrong itself.
func Load(src Source) (Config, error) {
	var data []byte
	if src.File != "" {
		var err error
		if data, err = os.ReadFile(src.File); err != nil {
			return Default(), Problems{{Field: src.File, Text: unreadable(err)}}
		}
	}
	return load(src, data)
}

// unreadable says why a file can not be read, and what to do.
func unreadable(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "does not exist; correct the path or create the file"
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return "can not be read: " + err.Error() + "; make it a file that this process may read"
}

// loader carries what is found while reading.
type loader struct {
	problems Problems
	origins  map[string]origin
}

// load is Load without the reading of the file.
func load(src Source, data []byte) (Config, error) {
	l := &loader{origins: make(map[string]origin)}
	file := l.readYAML(src.File, data)
	if file == nil && len(l.problems) > 0 {
		return Default(), l.problems
	}
	env := l.readEnv(src.Env, file)

	v := viper.New()
	defaults := Default()
	walk(reflect.ValueOf(&defaults).Elem(), "", func(key string, _ Option, field reflect.Value) {
		v.SetDefault(key, fmt.Sprint(field.Interface()))
	})
	for _, layer := range []map[string]any{file, env} {
		if err := v.MergeConfigMap(layer); err != nil {
			return Default(), fmt.Errorf("merge configuration: %w", err)
		}
	}
	if src.Flags != nil {
		src.Flags.Visit(func(f *pflag.Flag) {
			if _, ours := f.Value.(*flagText); ours {
				v.Set(f.Name, f.Value.String())
				l.origins[f.Name] = origin{from: "--" + f.Name}
			}
		})
	}

	c := l.decode(v)
	c.origins = l.origins
	l.problems = append(l.problems, c.Locate(c.validate(l.problems))...)
	return c, l.problems.Err()
}

// decode fills a Config with the merged values.
func (l *loader) decode(v *viper.Viper) Config {
	c := Default()
	entries := make(map[string][]any)
	for _, list := range lists {
		entries[list], _ = v.Get(list).([]any)
	}
	for range entries["steps"] {
		c.Steps = append(c.Steps, DefaultStep())
	}
	for range entries["outputs"] {
		c.Outputs = append(c.Outputs, DefaultOutput())
	}
	walk(reflect.ValueOf(&c).Elem(), "", func(key string, _ Option, field reflect.Value) {
		var text string
		var set bool
		if list, i, name, ok := entryKey(key); ok {
			entry, _ := entries[list][i].(map[string]any)
			if sub, below, nested := strings.Cut(name, "."); nested {
				entry, _ = entry[sub].(map[string]any)
				name = below
			}
			text, set = entry[name].(string)
		} else {
			text, set = v.Get(key).(string)
		}
		if !set {
			return
		}
		if err := setText(field, text); err != nil {
			at := l.origins[key]
			l.problems = append(l.problems, Problem{Field: key, Line: at.line, Origin: at.from, Text: err.Error(), Got: mask(text)})
		}
	})
	return c
}

// lists are the keys that hold several entries, each with keys of its own.
var lists = []string{"steps", "outputs"}

// entryKey takes outputs[2].bucket apart.
func entryKey(key string) (list string, n int, name string, ok bool) {
	for _, list := range lists {
		if _, err := fmt.Sscanf(key, list+"[%d].%s", &n, &name); err == nil {
			return list, n, name, true
		}
	}
	return "", 0, "", false
}

func (l *loader) addAt(field string, line int, text, got string) {
	l.problems = append(l.problems, Problem{Field: field, Line: line, Text: text, Got: mask(got)})
}
