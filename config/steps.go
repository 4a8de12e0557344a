package config

import (
	"fmt"
	"strings"
)

// kinds gives the keys of a step's kinds that are set.
func (s Step) kinds() []string {
	var set []string
	for _, k := range []struct{ key, value string }{
		{"decompress", s.Decompress}, {"split", s.Split}, {"jq", s.JQ}, {"partition_keys", s.PartitionKeys}, {"lambda", s.Lambda.Function},
	} {
		if k.value != "" {
			set = append(set, k.key)
		}
	}
	return set
}

// Kind is the key of what the step does, such as jq. After Load it is never
// empty.
func (s Step) Kind() string {
	if set := s.kinds(); len(set) > 0 {
		return set[0]
	}
	return ""
}

// deriveSteps names the steps that have no name after their kinds.
func (c *Config) deriveSteps() {
	seen := make(map[string]int)
	for i := range c.Steps {
		s := &c.Steps[i]
		kind := s.Kind()
		if seen[kind]++; s.Name != "" || kind == "" {
			continue
		}
		if s.Name = kind; seen[kind] > 1 {
			s.Name = fmt.Sprintf("%s-%d", kind, seen[kind])
		}
	}
}

func (v *validator) step(path string, s Step) {
	v.must(s.Name == "" || outputName.MatchString(s.Name), path+".name", "must be 1 to 64 letters, digits, _ . or -", s.Name)
	if !v.known.has(path) {
		kinds := s.kinds()
		v.must(len(kinds) > 0, path, "does nothing; write decompress, split, jq, partition_keys or lambda", "")
		v.must(len(kinds) < 2, path, "does several things, "+strings.Join(kinds, " and ")+"; give each an entry of its own, in the order in which they are to happen", "")
	}
	v.must((s.Split == "delimiter") == (s.Delimiter != ""), path+".delimiter", "goes with split: delimiter, and only with it", s.Delimiter)
	v.must(s.JQ != "" || s.Input == "json", path+".input", "goes with jq, and only with it", s.Input)
	v.must(s.JQ != "" || s.Output == "json", path+".output", "goes with jq, and only with it", s.Output)
	v.lambda(path+".lambda", s.Lambda)
}

// stepNames checks that no two steps have the same name.
func (v *validator) stepNames(steps []Step) {
	names := make(map[string]bool)
	for i, s := range steps {
		v.must(s.Name == "" || !names[s.Name], fmt.Sprintf("steps[%d].name", i), "must differ from the names of the other steps", s.Name)
		names[s.Name] = true
	}
}
