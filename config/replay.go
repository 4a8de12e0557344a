package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Replay says how a replay differs from the workers that a configuration is for.
type Replay struct {
	Prefix      string   // put in front of the prefix of each output, and of that of the errors
	Outputs     []string // names of those to write; none: all
	Application string   // empty: the configuration's, with what tells this replay from others
	Of          string   // what else tells it from others: its times
}

// Replay returns the configuration of a replay: other prefixes, and an application, a lease table and a place for
// journals of its own. It registers nothing in AWS Glue and listens nowhere. Notes are sentences for people. The error is
// nil or a Problems; c must have been loaded without one.
func (c Config) Replay(r Replay) (to Config, notes []string, err error) {
	v := &validator{}
	to = c
	to.origins = nil // its keys were set by nobody
	to.Outputs = c.chosen(r, v)
	fill(&r.Application, c.Leases.Application+"-replay-"+r.sum(c))
	v.must(tableName.MatchString(r.Application), "--application", "must be 3 to 255 letters, digits, _ . or -", r.Application)
	v.must(r.Application != c.Leases.Application && r.Application != c.Leases.Table, "--application",
		"must differ from leases.application and leases.table; the workers' leases are kept there", r.Application)
	v.must(r.Prefix != "", "--prefix", "is required; what is written again needs a place of its own, such as replay/", "")
	v.must(!strings.HasPrefix(r.Prefix, "/") && !strings.Contains(r.Prefix, "!{"), "--prefix", "must be plain text that does not begin with /", r.Prefix)
	if r.Prefix != "" && !strings.HasSuffix(r.Prefix, "/") {
		notes = append(notes, fmt.Sprintf("--prefix does not end in /, so it is joined to the first word of each prefix: %s", r.Prefix+to.Errors.Prefix))
	}
	for i := range to.Outputs {
		o := &to.Outputs[i]
		if o.Prefix = r.Prefix + o.Prefix; o.Catalog == "glue" {
			o.Catalog = ""
			notes = append(notes, fmt.Sprintf("output %s: catalog glue is off: partitions of a replay do not belong in table %s.%s", o.Name, o.Glue.Database, o.Glue.Table))
		}
	}
	to.Errors.Prefix = r.Prefix + c.Errors.Prefix
	to.Leases.Application, to.Leases.Table = r.Application, r.Application
	if own := "_standpipe/"; c.Journal.Prefix == own+c.Leases.Application+"/" {
		to.Journal.Prefix = own + r.Application + "/"
	} else {
		to.Journal.Prefix = strings.TrimSuffix(c.Journal.Prefix, "/") + "-" + r.Application + "/"
	}
	to.Server.Listen = ""
	if len(v.found) == 0 {
		notes = append(notes, v.outside(c, to)...)
		v.prefixes(&to)
	}
	return to, notes, v.found.Err()
}

// chosen are the outputs that a replay writes.
func (c Config) chosen(r Replay, v *validator) (all []Output) {
	var names []string
	for _, o := range c.Outputs {
		names = append(names, o.Name)
		if len(r.Outputs) == 0 || slices.Contains(r.Outputs, o.Name) {
			all = append(all, o)
		}
	}
	for _, name := range r.Outputs {
		if !slices.Contains(names, name) {
			v.found.Add("--output", "must be the name of an output: "+strings.Join(names, ", "), name)
		}
	}
	return all
}

// sum tells a replay from others of the same application: the same replay has the same at every start.
func (r Replay) sum(c Config) string {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{c.Stream.Name, c.Stream.ARN, r.Of, r.Prefix}, slices.Sorted(slices.Values(r.Outputs))...), "\x00")))
	return hex.EncodeToString(sum[:4])
}

// spot is where somebody writes.
type spot struct{ bucket, prefix, field string }

// spots are the places of a configuration's outputs, errors and journals.
func (c Config) spots() []spot {
	var all []spot
	for i, o := range c.Outputs {
		all = append(all, spot{o.Bucket, o.Prefix, fmt.Sprintf("outputs[%d].prefix", i)})
	}
	return append(all, spot{c.Errors.Bucket, c.Errors.Prefix, "errors.prefix"}, spot{c.Journal.Bucket, c.Journal.Prefix, "journal.prefix"})
}

// outside reports a replay that writes where readers of the workers' places look, and notes readers that look everywhere.
// The other way about, its own readers would take what the workers write.
func (v *validator) outside(c, replay Config) (notes []string) {
	for _, old := range c.spots() {
		place := folder(old.prefix)
		everywhere := false
		for _, at := range replay.spots() {
			switch {
			case at.bucket != old.bucket:
			case place == "":
				everywhere = true
			case strings.HasPrefix(at.prefix, place):
				v.must(false, "--prefix", "must lead out of "+old.field+"; its readers would take what is replayed for new", at.prefix)
			case folder(at.prefix) != "" && strings.HasPrefix(place, folder(at.prefix)):
				v.must(false, "--prefix", "must lead elsewhere; readers of what is replayed would take what lies under "+old.field+" too", at.prefix)
			}
		}
		if everywhere {
			notes = append(notes, fmt.Sprintf("%s has no folder of its own, so its readers take what is replayed too, unless they leave it out", old.field))
		}
	}
	return notes
}
