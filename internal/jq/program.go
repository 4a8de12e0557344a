package jq

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itchyny/gojq"
)

// Limits bound what a program may do for one record.
type Limits struct {
	Bytes  int64         // of all results together, as text
	Memory int64         // of what the program holds meanwhile; it may pass that by about as much again before it is stopped
	Time   time.Duration // looked at between two instructions, so one that runs over megabytes may finish later
}

// working is what values that are no results may have, where results may have less.
const working = 16 << 20

// Program is a compiled jq program. It is safe for concurrent use.
type Program struct {
	code   *gojq.Code
	query  *gojq.Query // as it was written
	limits Limits
}

// prelude has the functions of patterns, by those of regexps.go, and what jq 1.6 has and gojq has not.
const prelude = `
def keys_unsorted: keys;
def leaf_paths: paths(scalars);
def match($re; $flags): _standpipe_match($re; $flags)[];
def match($re): if $re | type == "array" then match($re[0]; $re[1]) else match($re; null) end;
def test($re; $flags): _standpipe_test($re; $flags);
def test($re): if $re | type == "array" then test($re[0]; $re[1]) else test($re; null) end;
def capture($re; $flags): _standpipe_capture($re; $flags)[];
def capture($re): if $re | type == "array" then capture($re[0]; $re[1]) else capture($re; null) end;
def scan($re; $flags): _standpipe_match($re; $flags + "g")[] | if .captures == [] then .string else [.captures[].string] end;
def scan($re): scan($re; null);
def splits($re; $flags): _standpipe_pieces($re; $flags + "g") | .[0][][0], .[1];
def splits($re): splits($re; null);
def split($re; $flags): [splits($re; $flags)];
def sub($re; str; $flags): _standpipe_pieces($re; $flags) | [[.[0][] | [.[0], [.[1] | str]]], .[1]] | _standpipe_assemble;
def sub($re; str): sub($re; str; null);
def gsub($re; str; $flags): sub($re; str; $flags + "g");
def gsub($re; str): sub($re; str; "g");
.`

// Compile compiles a program. Its error says what is wrong where.
func Compile(source string, limits Limits) (*Program, error) {
	query, err := parse(source)
	if err != nil {
		return nil, err
	}
	original, _ := gojq.Parse(source)
	var g guards
	if err := g.put(query); err != nil {
		return nil, err
	}
	own, err := gojq.Parse(prelude)
	if err != nil {
		return nil, fmt.Errorf("parse the functions that programs are given: %w", err)
	}
	if slices.ContainsFunc(own.FuncDefs, func(f *gojq.FuncDef) bool { return g.used[call(f.Name, len(f.Args))] }) {
		query.FuncDefs = append(own.FuncDefs, query.FuncDefs...)
	}
	code, err := gojq.Compile(query, natives(max(limits.Bytes, min(working, limits.Memory)))...)
	if err != nil {
		return nil, fmt.Errorf("is no jq program: %w", err)
	}
	return &Program{code, original, limits}, nil
}

func parse(source string) (*gojq.Query, error) {
	query, err := gojq.Parse(source)
	var bad *gojq.ParseError
	if errors.As(err, &bad) {
		before := source[:min(max(bad.Offset-len(bad.Token), 0), len(source))]
		line := strings.Count(before, "\n") + 1
		column := len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
		return nil, fmt.Errorf("is no jq program: %w at line %d, character %d", err, line, column)
	}
	if err != nil {
		return nil, fmt.Errorf("is no jq program: %w", err)
	}
	return query, nil
}

// Run runs the program on a value and gives its results until yield returns an error, which it returns. Any other error
// says why the program failed; it may be a *[LimitError] or a *[TimeError]. What was given until then is void.
func (p *Program) Run(v any, yield func(any) error) (err error) {
	var m meter
	m.start(p.limits.Time, p.limits.Memory)
	defer m.end()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the program broke down: %s", Excerpt(fmt.Sprint(r), maxMessage))
		}
	}()
	results := p.code.RunWithContext(&m, v)
	for {
		v, ok := results.Next()
		if !ok {
			return m.err
		}
		if err, ok := v.(error); ok {
			return runError(err)
		}
		if err := yield(v); err != nil {
			return err
		}
	}
}

// Encoder writes the results of a program for one record, all of which together the limit of bytes holds for.
type Encoder struct{ e encoder }

// NewEncoder writes results of the program.
func (p *Program) NewEncoder() *Encoder {
	return &Encoder{encoder{limit: int(p.limits.Bytes), most: int(p.limits.Bytes)}}
}

// JSON gives a result as JSON, its parts that are parts of doc as they were read. doc may be nil.
func (e *Encoder) JSON(doc *Document, v any) ([]byte, error) {
	e.e.doc, e.e.depth = doc, 0
	e.e.out = e.e.out[:0]
	if err := e.e.value(v); err != nil {
		return nil, err
	}
	return slices.Clone(e.e.out), e.Charge(len(e.e.out))
}

// Charge counts bytes of a result that needs no encoding.
func (e *Encoder) Charge(n int) error {
	if e.e.most -= n + overhead; e.e.most < 0 {
		e.e.most += n + overhead
		return e.e.tooLong()
	}
	return nil
}

// overhead is what a result takes beside its bytes.
const overhead = 24
