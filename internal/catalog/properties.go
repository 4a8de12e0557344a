package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"standpipe/sink/parquet"
)

// The properties of the OpenX SerDe that say how a record's keys fill columns.
// https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
const (
	mappingProperty = "mapping." // before a column's name; the value is the JSON key that fills it
	caseProperty    = "case.insensitive"
	dotsProperty    = "dots.in.keys"
)

// inVain are properties that ask for what is not done, with what is done instead.
var inVain = map[string]string{
	"ignore.malformed.json":       "a record that is no JSON goes to the error output, never into the table as nulls",
	"use.null.for.invalid.data":   "a record that does not fit goes to the error output, never into the table as nulls",
	"timestamp.formats":           "times are read in the forms that docs/parquet.md lists",
	"parquet.column.index.access": "files name their columns, so a table that is read by position shows old files wrongly once a column is added anywhere but at the end",
}

// properties applies what a table says of reading JSON to the columns and options, notes what it says in vain, and gives
// what can not be understood.
func (d *Definition) properties(serde *types.SerDeInfo, options *parquet.Options) (problems []string) {
	if serde == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(serde.Parameters)) {
		value, key := serde.Parameters[name], strings.ToLower(name)
		var on bool
		if key == caseProperty || key == dotsProperty {
			var err error
			if on, err = strconv.ParseBool(strings.ToLower(value)); err != nil {
				problems = append(problems, fmt.Sprintf("SerDe property %s must be TRUE or FALSE, not %q", name, value))
				continue
			}
		}
		switch {
		case key == caseProperty:
			options.CaseSensitive = !on
		case key == dotsProperty:
			options.DotsToUnderscores = on
		case strings.HasPrefix(key, mappingProperty):
			d.mapping(name[len(mappingProperty):], value)
		case inVain[key] != "" && !strings.EqualFold(value, "false"):
			d.Notes = append(d.Notes, fmt.Sprintf("SerDe property %s has no effect: %s", name, inVain[key]))
		}
	}
	return problems
}

// mapping lets a key fill a column.
func (d *Definition) mapping(column, key string) {
	for i := range d.columns {
		if strings.EqualFold(d.columns[i].Name, column) {
			d.columns[i].Key = key
			return
		}
	}
	d.Notes = append(d.Notes, fmt.Sprintf("SerDe property %s%s has no effect: there is no column %[2]s; keys inside structs can not be mapped", mappingProperty, column))
}
