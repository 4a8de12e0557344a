package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"standpipe/sink/parquet"
)

const widestType = 60 // characters of a type in the table

// proposalReport is a proposal as --json prints it.
type proposalReport struct {
	Source     string           `json:"source"`
	Records    int              `json:"records"`
	Rows       int              `json:"rows"`        // JSON objects in them
	NotJSON    int              `json:"not_json"`    // of the records
	NotObjects int              `json:"not_objects"` // of the records
	Rejected   []string         `json:"rejected"`    // the first of those
	Columns    []columnProposed `json:"columns"`
	Schema     string           `json:"schema"` // for outputs[].schema
}

type columnProposed struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	From     string   `json:"from,omitempty"`
	Values   int      `json:"values"`    // rows that have one
	NullRate float64  `json:"null_rate"` // 0 to 1
	Notes    []string `json:"notes"`
	text     string   // as it stands in a schema, empty where it can not stand there
}

// print tells what was learned: keys for the configuration on stdout and the rest on stderr, or all as JSON.
func (s *sample) print(stdout, stderr io.Writer, proposal parquet.Proposal, asJSON bool) error {
	r := proposalReport{
		Source: s.source, Records: proposal.Records, Rows: proposal.Rows, NotJSON: proposal.NotJSON, NotObjects: proposal.NotRows,
		Rejected: append([]string{}, s.rejected...), Columns: []columnProposed{},
	}
	var lines []string
	for _, c := range proposal.Columns {
		made := proposedColumn(c, proposal.Rows)
		if made.text != "" {
			lines = append(lines, made.text)
		}
		r.Columns = append(r.Columns, made)
	}
	r.Schema = strings.Join(lines, ",\n")
	if asJSON {
		return printJSON(stdout, r)
	}
	if err := r.table(stderr); err != nil || len(lines) == 0 {
		return err
	}
	_, err := fmt.Fprintf(stdout, "    # proposed by `standpipe schema` from %s\n    format: parquet\n    schema: |\n      %s\n", printable(r.summary()), strings.Join(lines, ",\n      "))
	return err
}

// proposedColumn writes a column as ParseColumns reads it. One with a name or key that can not be written there is left
// out; a nested type with such a name in it becomes a string, which keeps it as JSON.
func proposedColumn(c parquet.ProposedColumn, rows int) columnProposed {
	made := columnProposed{Name: c.Name, Type: c.Type, From: c.Key, Values: c.Rows, Notes: append([]string{}, c.Notes...)}
	if rows > 0 {
		made.NullRate = max(0, float64(rows-c.Rows)/float64(rows))
	}
	if made.text = written(c.Column); made.text == "" && c.Type != "string" {
		c.Type = "string"
		if made.text = written(c.Column); made.text != "" {
			made.Type = c.Type
			made.Notes = append(made.Notes, fmt.Sprintf("%s has a name in it that the configuration can not hold, so it is kept as JSON.", printable(c.Name)))
		}
	}
	if made.text == "" {
		made.Notes = append(made.Notes, fmt.Sprintf("%s comes from a key that the configuration can not hold, so it is left out.", printable(c.Name)))
	}
	return made
}

// written is a column as text, empty where there is none that would be read as this column.
func written(c parquet.Column) string {
	name := c.Name
	if strings.Contains(name, "'") {
		name = "`" + name + "`"
	}
	text := name + " " + c.Type
	if c.Key != "" {
		quote, plain := "", strings.IndexFunc(c.Key, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) < 0
		for _, q := range []string{`"`, "'", "`"} {
			if !plain && quote == "" && !strings.Contains(c.Key, q) {
				quote = q
			}
		}
		text += " from " + quote + c.Key + quote
	}
	read, err := parquet.ParseColumns("before int,\n" + text + ",\nbehind int") // a quote may swallow its neighbours
	if err != nil || len(read) != 3 || read[1] != c || printable(text) != text {
		return ""
	}
	if _, err := parquet.ParseSchema(read[1:2], parquet.Options{}); err != nil {
		return ""
	}
	return text
}

// printable is text as it is, or in escapes where a terminal or YAML might take it for something else.
func printable(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return strconv.Quote(text)
	}
	return text
}

// summary says in a line what was looked at.
func (r proposalReport) summary() string {
	text := fmt.Sprintf("%s of %s: %s", plural(r.Records, "record", "records"), r.Source, plural(r.Rows, "JSON object", "JSON objects"))
	if r.NotJSON > 0 {
		text += fmt.Sprintf(", %d not JSON", r.NotJSON)
	}
	if r.NotObjects > 0 {
		text += fmt.Sprintf(", %d JSON but no object", r.NotObjects)
	}
	return text
}

func (r proposalReport) table(w io.Writer) error {
	_, _ = fmt.Fprintf(w, "%s\n", printable(r.summary()))
	var table bytes.Buffer
	tab := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	if len(r.Columns) > 0 {
		_, _ = fmt.Fprintf(tab, "\n  COLUMN\tTYPE\tNULL\tFROM\n")
	}
	var notes []string
	for _, c := range r.Columns {
		_, _ = fmt.Fprintf(tab, "  %s\t%s\t%s\t%s\n", printable(c.Name), clipped(printable(c.Type)), percent(c.NullRate), printable(c.From))
		notes = append(notes, c.Notes...)
	}
	_ = tab.Flush()
	for line := range strings.Lines(table.String()) {
		_, _ = fmt.Fprintln(w, strings.TrimRight(line, " \n"))
	}
	r.list(w, "What does not go together, or was guessed", notes)
	r.list(w, "Records that make no row, the first of them", r.Rejected)
	_, err := fmt.Fprintln(w)
	return err
}

func (r proposalReport) list(w io.Writer, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	_, _ = fmt.Fprintf(w, "\n%s:\n", title)
	for _, line := range lines {
		_, _ = fmt.Fprintf(w, "  %s\n", printable(line))
	}
}

// clipped keeps a table narrow.
func clipped(text string) string {
	if runes := []rune(text); len(runes) > widestType {
		return string(runes[:widestType-1]) + "…"
	}
	return text
}

// percent is a rate that is 0 or 100 only where it is exactly that.
func percent(rate float64) string {
	switch {
	case rate == 0:
		return "0 %"
	case rate < 0.001:
		return "<0.1 %"
	case rate < 1 && rate > 0.999:
		return ">99.9 %"
	case rate == 1:
		return "100 %"
	}
	return fmt.Sprintf("%.1f %%", 100*rate)
}
