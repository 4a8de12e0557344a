package main

import (
	"context"
	"strings"
)

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

// glueRegister looks at a table in which an output is registered. Nothing is created.
func (in *inspection) glueRegister(ctx context.Context, g *glueRegister, r *report) {
	ctx, cancel := context.WithTimeout(ctx, 2*startLimit)
	defer cancel()
	check := "Glue table " + g.Table.String() + ": partitions"
	if in.broken[g.role] {
		r.skip(check)
		return
	}
	var missing bool
	if r.fail(check, insist(ctx, func(ctx context.Context) (err error) {
		missing, err = g.look(ctx)
		return err
	})) {
		return
	}
	var keys []string
	for _, k := range g.Layout.Keys {
		keys = append(keys, k.Name)
	}
	switch {
	case len(keys) == 0:
		r.add(doubtful, check, "there are none to register for %s: %s", g.Output, g.Layout.Undivided())
	case missing:
		r.add(fine, check, "by %s for %s; the table does not exist in %s, run creates it", strings.Join(keys, ", "), g.Output, g.region)
	default:
		r.add(fine, check, "by %s for %s, in %s%s", strings.Join(keys, ", "), g.Output, g.region, in.svc.as(g.role))
	}
}
