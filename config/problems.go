package config

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	Field  string // key, such as buffer.size or outputs[0].prefix; or a file, or an environment variable
	Line   int    // line in the file, 0 if it does not come from there
	Origin string // environment variable or flag that set the value, empty for the file
	Text   string // what is wrong, and after "; " what to do
	Got    string // value that was given, without secrets; empty if there was none
}

// String prints the problem as "field: problem (got …, line …); what to do".
func (p Problem) String() string {
	var details []string
	switch {
	case number.MatchString(p.Got):
		details = append(details, "got "+p.Got)
	case p.Got != "":
		details = append(details, "got "+strconv.Quote(p.Got))
	}
	switch {
	case p.Origin != "" && p.Origin != p.Field:
		details = append(details, "from "+p.Origin)
	case p.Line > 0:
		details = append(details, "line "+strconv.Itoa(p.Line))
	}
	text, advice, found := strings.Cut(p.Text, "; ")
	if len(details) > 0 {
		text += " (" + strings.Join(details, ", ") + ")"
	}
	if found {
		text += "; " + advice
	}
	return p.Field + ": " + text
}

var number = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// Problems is every problem of a configuration, as one error with a line for
// each.
type Problems []Problem

// Add appends a problem. Passwords in got are masked and long values cut, so
// that it may be any value of a configuration.
func (ps *Problems) Add(field, text, got string) {
	*ps = append(*ps, Problem{Field: field, Text: text, Got: mask(got)})
}

// Error prints one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Err returns the problems as an error, nil if there are none: by their lines
// in the file, then those that have none.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	line := func(p Problem) int {
		if p.Line == 0 {
			return math.MaxInt
		}
		return p.Line
	}
	return Problems(slices.SortedStableFunc(slices.Values(ps), func(a, b Problem) int { return cmp.Compare(line(a), line(b)) }))
}

func (ps Problems) has(field string) bool {
	for _, p := range ps {
		if p.Field == field {
			return true
		}
	}
	return false
}

var (
	userInfo  = regexp.MustCompile(`(?s)^([A-Za-z][A-Za-z0-9+.-]*://)?.*@`)
	query     = regexp.MustCompile(`(?s)[?#].*$`)
	accessKey = regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{12,}`)
	secretKey = regexp.MustCompile(`(^|[^A-Za-z0-9/+])[A-Za-z0-9/+]{40}($|[^A-Za-z0-9/+])`)
)

// mask hides what may be a secret that stands where it does not belong: a
// URL's user, password and query, and AWS keys.
func mask(got string) string {
	got = userInfo.ReplaceAllString(got, "${1}***@")
	got = query.ReplaceAllString(got, "?***")
	got = accessKey.ReplaceAllString(got, "***")
	got = secretKey.ReplaceAllString(got, "$1***$2")
	if r := []rune(got); len(r) > 100 {
		got = string(r[:100]) + "…"
	}
	return got
}

// origin is where a value was set.
type origin struct {
	line int
	from string
}

// Given says whether any key was set, by a file, a variable or a flag.
func (c Config) Given() bool { return len(c.origins) > 0 }

// Locate returns the problems with the line, variable or flag that set each
// field, for problems that others find in a loaded Config.
func (c Config) Locate(ps Problems) Problems {
	located := make(Problems, len(ps))
	for i, p := range ps {
		if p.Line == 0 && p.Origin == "" {
			at := c.origin(p.Field)
			p.Line, p.Origin = at.line, at.from
		}
		located[i] = p
	}
	return located
}

// origin finds where a field, or else the section around it, was set.
func (c Config) origin(field string) origin {
	for field != "" {
		if at, ok := c.origins[field]; ok {
			return at
		}
		field = field[:max(strings.LastIndexByte(field, '.'), 0)]
	}
	return origin{}
}
