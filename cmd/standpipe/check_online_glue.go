package main

import "context"

// glue looks at a table from which outputs take their columns.
func (in *inspection) glue(ctx context.Context, t *glueTable, r *report) {
	ctx, cancel := context.WithTimeout(ctx, 2*startLimit)
	defer cancel()
	check := "Glue table " + t.Table.String()
	if in.broken[t.role] {
		r.skip(check)
		return
	}
	if r.fail(check, insist(ctx, t.load)) {
		return
	}
	definitions := t.Definitions()
	first := definitions[t.Takers[0].Output]
	r.add(fine, check, "version %s in %s, %d columns for %s%s", first.Version, t.region, len(first.Schema.Columns()), t.outputs(), in.svc.as(t.role))
	for _, note := range first.Notes {
		r.add(doubtful, check+": properties", "%s", note)
	}
}
