package tables

import (
	"fmt"
	"strings"

	"standpipe/sink/parquet"
)

// athena writes the table with partition projection. Years are dates that end now, so that a query without a filter asks
// for no folders of the future; months, days and hours are counted with two digits.
// https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
func (t *Table) athena(l layout, notes notes) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE EXTERNAL TABLE %s (\n", t.name("`"))
	var columns []string
	for _, c := range t.columns(parquet.Athena) {
		columns = append(columns, fmt.Sprintf("`%s` %s", c.Name, c.Type))
	}
	fmt.Fprintf(&b, "%s\n)\n", indent(columns))
	if len(notes) > 0 {
		fmt.Fprintf(&b, "COMMENT %s\n", hiveLiteral(strings.Join(notes, " ")))
	}
	properties := [][2]string{}
	if len(l.columns) > 0 {
		var parts []string
		properties = append(properties, [2]string{"projection.enabled", "true"})
		for _, c := range l.columns {
			parts = append(parts, fmt.Sprintf("`%s` %s", c.name, c.hiveType()))
			properties = append(properties, t.projection(c)...)
		}
		properties = append(properties, [2]string{"storage.location.template", t.location("s3", l.root+l.path)})
		fmt.Fprintf(&b, "PARTITIONED BY (\n%s\n)\n", indent(parts))
	}
	if t.JSON {
		b.WriteString(t.openX())
		properties = append(properties, [2]string{"classification", "json"})
	} else {
		b.WriteString("STORED AS PARQUET\n")
		properties = append(properties, [2]string{"classification", "parquet"})
	}
	fmt.Fprintf(&b, "LOCATION %s\n", hiveLiteral(t.location("s3", l.root)))
	fmt.Fprintf(&b, "TBLPROPERTIES (\n%s\n);\n", indent(pairs(properties)))
	return b.String()
}

func (c *column) hiveType() string {
	if c.integer {
		return "int"
	}
	return "string"
}

func (t *Table) projection(c column) [][2]string {
	key := "projection." + c.name + "."
	if c.keyed {
		return [][2]string{{key + "type", "injected"}}
	}
	if c.integer {
		limit := limits[c.pieces[0].Field]
		return [][2]string{{key + "type", "integer"}, {key + "range", fmt.Sprintf("%d,%d", limit[0], limit[1])}, {key + "digits", "2"}}
	}
	return [][2]string{
		{key + "type", "date"}, {key + "format", c.format}, {key + "range", c.first(t.FirstYear) + "," + t.until()},
		{key + "interval", "1"}, {key + "interval.unit", c.unit()},
	}
}

// openX is the part of a table of JSON that says how it is read, as the shredder reads it.
// https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
func (t *Table) openX() string {
	return "ROW FORMAT SERDE '" + openXSerde + "'\n" +
		"WITH SERDEPROPERTIES (\n" + indent(pairs(t.openXProperties())) + "\n)\n" +
		"STORED AS INPUTFORMAT '" + textInput + "'\n" +
		"OUTPUTFORMAT '" + textOutput + "'\n"
}

// openXProperties say how keys fill columns.
func (t *Table) openXProperties() [][2]string {
	o := t.Schema.Options()
	properties := [][2]string{{"case.insensitive", strings.ToUpper(fmt.Sprint(!o.CaseSensitive))}}
	if o.DotsToUnderscores {
		properties = append(properties, [2]string{"dots.in.keys", "TRUE"})
	}
	for _, c := range t.Schema.Columns() {
		if c.Key != "" {
			properties = append(properties, [2]string{"mapping." + c.Name, c.Key})
		}
	}
	return properties
}

func pairs(properties [][2]string) (lines []string) {
	for _, p := range properties {
		lines = append(lines, hiveLiteral(p[0])+" = "+hiveLiteral(p[1]))
	}
	return lines
}
