package firehose

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
)

// placeholder is the word that stands in the configuration for a reference.
func placeholder(ref string) string {
	word := strings.Trim(notWord.ReplaceAllString(ref, "-"), "-")
	if len(word) > 40 {
		word = strings.Trim(word[:40], "-")
	}
	return strings.TrimSuffix("REPLACE-"+word, "-")
}

var notWord = regexp.MustCompile(`[^A-Za-z0-9]+`)

// A fit makes of a text one that the configuration takes in some place; it leaves what is taken as it is.
type fit func(text string) string

// fitName is for names of streams, applications and outputs.
func fitName(most int) fit {
	return func(text string) string {
		text = regexp.MustCompile(`[^a-zA-Z0-9_.-]+`).ReplaceAllString(text, "-")
		if len(text) > most {
			text = text[:most]
		}
		return text
	}
}

// fitBucket is for names of buckets.
func fitBucket(text string) string {
	ok := regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`).MatchString(text) && !strings.Contains(text, "..") && net.ParseIP(text) == nil
	if ok {
		return text
	}
	text = regexp.MustCompile(`[^a-z0-9-]+`).ReplaceAllString(strings.ToLower(text), "-")
	if len(text) > 63 {
		text = text[:63]
	}
	if text = strings.Trim(text, "-"); len(text) < 3 {
		return "replace-bucket"
	}
	return text
}

// fitWord is for names that may hold anything that can be shown.
func fitWord(text string) string {
	text = regexp.MustCompile(`\pC+`).ReplaceAllString(text, "-")
	if r := []rune(text); len(r) > 255 {
		text = string(r[:255])
	}
	return text
}

// asIs is for texts that are not checked.
func asIs(text string) string { return text }

// text gives the value of a key from a member of the API. References in it become words that begin with REPLACE, and lines
// of what is to be filled in. The comment says where the value comes from.
func (t *translation) text(key, member, value string, fits fit) (text, comment string) {
	unknown := refs(value)
	text = fits(replaceRefs(value, placeholder))
	switch {
	case len(unknown) > 0:
		t.fillIn(key, fmt.Sprintf("%s is %s in %s; write its value for %s, or import again with %s", member, shown(value), t.found.From, strconv.Quote(text), settings(unknown)))
		return text, "TO FILL IN: " + member + " is " + shown(value)
	case text != value:
		t.fillIn(key, fmt.Sprintf("%s is %s, which can not be; what it was made into must be put right", member, strconv.Quote(shown(value))))
		return text, "TO FILL IN: " + member + " is " + strconv.Quote(shown(value))
	}
	return text, member
}

// settings are the flags by which references get values.
func settings(unknown []string) string {
	var flags []string
	seen := make(map[string]bool)
	for _, ref := range unknown {
		if !seen[ref] {
			flags = append(flags, "--set '"+strings.ReplaceAll(ref, "'", "'\\''")+"=…'")
		}
		seen[ref] = true
	}
	return strings.Join(flags, " ")
}

func (t *translation) fillIn(key, text string) {
	t.report.ToFillIn = append(t.report.ToFillIn, Line{key, text})
}

func (t *translation) same(what, format string, args ...any) {
	t.report.Same = append(t.report.Same, Line{what, fmt.Sprintf(format, args...)})
}

func (t *translation) better(what, format string, args ...any) {
	t.report.Better = append(t.report.Better, Line{what, fmt.Sprintf(format, args...)})
}

func (t *translation) different(what, format string, args ...any) {
	t.report.Different = append(t.report.Different, Line{what, fmt.Sprintf(format, args...)})
}

func (t *translation) notTaken(what, format string, args ...any) {
	t.report.NotTaken = append(t.report.NotTaken, Line{what, fmt.Sprintf(format, args...)})
}

// fitExtension is for the ends of object names.
func fitExtension(text string) string {
	if regexp.MustCompile(`^\.[0-9a-z!_.*'()-]{1,127}$`).MatchString(text) {
		return text
	}
	text = regexp.MustCompile(`[^0-9a-z!_.*'()-]+`).ReplaceAllString(strings.ToLower(text), "-")
	if len(text) > 126 {
		text = text[:126]
	}
	if text = strings.TrimPrefix(text, "."); text == "" {
		return ".replace"
	}
	return "." + text
}
