// Package jq runs jq programs on records, by github.com/itchyny/gojq, so that no record can take the process down: time,
// memory, nesting and the size of results are bounded for each record, and a program reaches neither environment nor files.
// What a program only moves keeps its bytes: a result that is its input, or a part of it, is written as it was read.
//
// The language is that of jq 1.6 as gojq has it; docs/steps.md says where the two differ.
package jq
