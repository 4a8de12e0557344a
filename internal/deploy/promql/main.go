// Command promql checks a file of Prometheus alerts by Prometheus' own library, and PromQL expressions, one a line of
// stdin. It prints the names of the metrics that they select, with the labels they ask of them, one a line. It is a module of its
// own, so that its dependencies are nobody else's.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: promql ALERTS < EXPRESSIONS")
		os.Exit(2)
	}
	if err := check(os.Args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "promql:", err)
		os.Exit(1)
	}
}

func check(file string, in io.Reader, out io.Writer) error {
	p := parser.NewParser(parser.Options{})
	groups, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, p, slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		return fmt.Errorf("read %s: %v", file, errs)
	}
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			if err := selected(p, r.Expr, out); err != nil {
				return err
			}
		}
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := selected(p, lines.Text(), out); err != nil {
			return err
		}
	}
	return lines.Err()
}

// selected prints the metrics of an expression with the labels of their selectors.
func selected(p parser.Parser, text string, out io.Writer) error {
	expr, err := p.ParseExpr(text)
	if err != nil {
		return fmt.Errorf("parse %s: %w", text, err)
	}
	for _, selector := range parser.ExtractSelectors(expr) {
		var name string
		var labels []string
		for _, m := range selector {
			if m.Name == model.MetricNameLabel {
				name = m.Value
			} else {
				labels = append(labels, m.Name)
			}
		}
		if _, err := fmt.Fprintln(out, name, strings.Join(labels, ",")); err != nil {
			return err
		}
	}
	return nil
}
