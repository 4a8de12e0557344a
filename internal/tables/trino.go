package tables

import (
	"fmt"
	"strings"

	"standpipe/sink/parquet"
)

// trino writes the table for its Hive connector, with partition projection. It knows no intervals of years and months,
// so years are counted to lastYear.
// https://trino.io/docs/current/connector/hive.html
func (t *Table) trino(l layout, notes *notes) string {
	var b strings.Builder
	var lines, names []string
	for _, c := range t.columns(parquet.Trino) {
		lines = append(lines, fmt.Sprintf(`"%s" %s`, c.Name, c.Type))
		if t.JSON && strings.ToLower(c.Key) != c.Name {
			notes.add("Trino can not be told that %s comes from the JSON key %s: it is null, unless Athena makes the table.", c.Name, c.Key)
		}
	}
	projected := len(l.columns) > 0
	for _, c := range l.columns {
		names = append(names, literal(c.name))
		switch unit := c.unit(); {
		case c.keyed:
			lines = append(lines, fmt.Sprintf(`"%s" varchar WITH (partition_projection_type = 'INJECTED')`, c.name))
		case c.integer:
			limit := limits[c.pieces[0].Field]
			lines = append(lines, fmt.Sprintf(`"%s" integer WITH (partition_projection_type = 'INTEGER', `+
				`partition_projection_range = ARRAY['%d', '%d'], partition_projection_digits = 2)`, c.name, limit[0], limit[1]))
		case unit == "YEARS" && len(c.pieces) == 1:
			lines = append(lines, fmt.Sprintf(`"%s" integer WITH (partition_projection_type = 'INTEGER', `+
				`partition_projection_range = ARRAY['%d', '%d'])`, c.name, t.FirstYear, lastYear))
		case unit == "YEARS", unit == "MONTHS":
			projected = false
			lines = append(lines, fmt.Sprintf(`"%s" varchar`, c.name))
		default:
			lines = append(lines, fmt.Sprintf(`"%s" varchar WITH (partition_projection_type = 'DATE', partition_projection_format = %s, `+
				`partition_projection_range = ARRAY[%s, %s], partition_projection_interval = 1, partition_projection_interval_unit = '%s')`,
				c.name, literal(c.format), literal(c.first(t.FirstYear)), literal(t.until()), unit))
		}
	}
	if projected {
		l.injected(notes)
	}
	properties := []string{"external_location = " + literal(t.location("s3", l.root))}
	if t.JSON {
		properties = append(properties, "format = 'OPENX_JSON'")
	} else {
		properties = append(properties, "format = 'PARQUET'")
	}
	if len(names) > 0 {
		properties = append(properties, "partitioned_by = ARRAY["+strings.Join(names, ", ")+"]")
	}
	if projected {
		properties = append(properties, "partition_projection_enabled = true",
			"partition_projection_location_template = "+literal(t.location("s3", l.root+l.path)))
	}
	switch {
	case len(names) > 0 && !projected:
		notes.add("Trino can not compute these partitions: CALL system.sync_partition_metadata after each new one.")
		for i, line := range lines {
			lines[i], _, _ = strings.Cut(line, " WITH (")
		}
	case projected && strings.Contains(strings.Join(lines, ""), fmt.Sprint("'", lastYear, "'")):
		notes.add("Filter by the partition columns: without a filter, all folders up to %d are asked for.", lastYear)
	}
	if l.deeper {
		notes.add("The objects lie in further folders: Trino needs hive.recursive-directories=true.")
	}
	fmt.Fprintf(&b, "CREATE TABLE %s (\n%s\n)\nWITH (\n%s\n);\n", t.name(`"`), indent(lines), indent(properties))
	return b.String()
}
