package mutants

import (
	"cmp"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Variable is the environment variable that names the mutant a combined program is to be; without it the program
// is as it should be.
const Variable = "STANDPIPE_MUTANT"

// Combine gives the changed files of a program that holds all mutants, by their paths below root: each function
// that a mutant changes asks which one it is to be. So one compilation serves for all. It fails when a mutant
// does not apply, or changes anything outside the bodies of functions.
func Combine(root string, all []Mutant) (map[string]string, error) {
	variants := map[string][]variant{} // by file
	for _, m := range all {
		changed, err := Apply(root, m)
		if err != nil {
			return nil, err
		}
		for file, text := range changed {
			original, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
			if err != nil {
				return nil, fmt.Errorf("combine mutants: %w", err)
			}
			more, err := compare(m.Name, string(original), text)
			if err != nil {
				return nil, fmt.Errorf("combine mutants: %q in %s: %w", m.Name, file, err)
			}
			variants[file] = append(variants[file], more...)
		}
	}
	out := map[string]string{}
	for file, vs := range variants {
		original, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			return nil, fmt.Errorf("combine mutants: %w", err)
		}
		slices.SortStableFunc(vs, func(a, b variant) int { return cmp.Compare(b.at, a.at) }) // from the end, so that places stay right
		text := string(original)
		for _, v := range vs {
			text = text[:v.at] + "\nif mutantUnderTest == " + fmt.Sprintf("%q", v.name) + " {" + v.body + "\n}\n" + text[v.at:]
		}
		out[file] = text
		dir := path.Dir(file)
		out[dir+"/mutant_chosen.go"] = fmt.Sprintf("package %s\n\nimport \"os\"\n\nvar mutantUnderTest = os.Getenv(%q)\n", path.Base(dir), Variable)
	}
	return out, nil
}

// variant is what a mutant makes of a function's body.
type variant struct {
	name string
	at   int // behind the brace that opens the body, in the original
	body string
}

// compare finds the functions in which two versions of a file differ.
func compare(name, original, changed string) ([]variant, error) {
	was, err := functions(original)
	if err != nil {
		return nil, err
	}
	is, err := functions(changed)
	if err != nil {
		return nil, err
	}
	if strings.Join(was.between, "") != strings.Join(is.between, "") {
		return nil, fmt.Errorf("it changes more than bodies of functions")
	}
	var out []variant
	for i, f := range is.bodies {
		if f.text != was.bodies[i].text {
			body := f.text
			if !f.results {
				body += "\nreturn"
			}
			out = append(out, variant{name, was.bodies[i].at, body})
		}
	}
	return out, nil
}

type pieces struct {
	between []string
	bodies  []body
}

type body struct {
	text    string
	at      int
	results bool
}

// functions takes a file apart into the bodies of its functions and what stands between them.
func functions(text string) (pieces, error) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, "", text, parser.SkipObjectResolution)
	if err != nil {
		return pieces{}, err
	}
	var p pieces
	last := 0
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		from, to := set.Position(fn.Body.Lbrace).Offset+1, set.Position(fn.Body.Rbrace).Offset
		p.between = append(p.between, text[last:from])
		p.bodies = append(p.bodies, body{text[from:to], from, fn.Type.Results != nil})
		last = to
	}
	p.between = append(p.between, text[last:])
	return p, nil
}

// Overlay writes changed files, and the list of them that `go build -overlay` reads, into dir, and gives that
// list's path. The sources stay as they are.
func Overlay(root, dir string, changed map[string]string) (string, error) {
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for i, file := range slices.Sorted(maps.Keys(changed)) {
		path := filepath.Join(dir, fmt.Sprintf("%d.go", i))
		if err := os.WriteFile(path, []byte(changed[file]), 0o600); err != nil {
			return "", fmt.Errorf("write overlay: %w", err)
		}
		overlay.Replace[filepath.Join(root, filepath.FromSlash(file))] = path
	}
	list, err := json.Marshal(overlay)
	if err != nil {
		return "", fmt.Errorf("write overlay: %w", err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, list, 0o600); err != nil {
		return "", fmt.Errorf("write overlay: %w", err)
	}
	return path, nil
}
