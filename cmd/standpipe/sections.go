package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/aws/smithy-go"

	"standpipe/config"
)

// pages are where the documentation tells of a key: those whose last words are in keys. The first that fits is taken.
var pages = []struct {
	page string
	keys []string
}{
	{"docs/permissions.md", []string{"role_arn", "external_id"}},
	{"docs/steps.md", []string{"steps"}},
	{"docs/parquet.md", []string{"schema", "parquet", "glue", "catalog"}},
	{"docs/prefixes.md", []string{"prefix", "partition_values", "max_open_paths", "time_zone", "timestamp", "timestamp_format", "timestamp_oldest", "timestamp_newest", "timestamp_otherwise"}},
}

// sections are the pages of the documentation that help with an error: of the keys that are wrong, or of permissions.
func sections(err error) (found []string) {
	add := func(page string) {
		if !slices.Contains(found, page) {
			found = append(found, page)
		}
	}
	var problems config.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			add(pageOf(p.Field))
		}
	}
	var api smithy.APIError
	if errors.As(err, &api) && slices.Contains(deniedCodes, api.ErrorCode()) {
		add("docs/permissions.md")
	}
	return found
}

// pageOf is the page that tells of a key, such as outputs[0].prefix.
func pageOf(key string) string {
	words := strings.FieldsFunc(key, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	for _, p := range pages {
		for _, w := range words {
			if slices.Contains(p.keys, w) {
				return p.page
			}
		}
	}
	return "docs/configuration.md"
}
