package main

import "context"

// function tries whether a function may be called; it is not.
func (in *inspection) function(ctx context.Context, f *function, r *report) {
	ctx, cancel := context.WithTimeout(ctx, 2*startLimit)
	defer cancel()
	check := "Lambda function " + f.name
	if in.broken[f.role] {
		r.skip(check)
		return
	}
	if r.fail(check, insist(ctx, f.verify)) {
		return
	}
	r.add(fine, check, "may be called in %s for %s%s", f.region, list(f.steps), in.svc.as(f.role))
}
