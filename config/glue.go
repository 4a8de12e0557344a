package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var catalogID = regexp.MustCompile(`^[!-~]{1,255}$`)

// glueName says whether a database or a table may have this name: anything that can be shown,
// https://docs.aws.amazon.com/glue/latest/webapi/API_Table.html. As a regular expression, 255 times all
// of Unicode, this took 11 MB of every process.
func glueName(name string) bool {
	n := utf8.RuneCountInString(name)
	return n >= 1 && n <= 255 && !strings.ContainsFunc(name, func(r rune) bool { return unicode.Is(unicode.C, r) })
}

// glue checks the section of an output that has one.
func (v *validator) glue(path string, o Output) {
	g := o.Glue
	if g == DefaultOutput().Glue && o.Catalog == "" {
		return
	}
	v.must(g.Table != "", path+".table", "is required with catalog glue and with any other key of the section; name the table", "")
	v.must(g.Database != "", path+".database", "is required with "+path+".table; name the database that holds the table", "")
	v.must(g.Table == "" || glueName(g.Table), path+".table", "must be 1 to 255 characters that can be shown", g.Table)
	v.must(g.Database == "" || glueName(g.Database), path+".database", "must be 1 to 255 characters that can be shown", g.Database)
	v.must(g.CatalogID == "" || catalogID.MatchString(g.CatalogID), path+".catalog_id", "must be the id of an account, such as 111122223333", g.CatalogID)
	v.must(g.Region == "" || regionName.MatchString(g.Region), path+".region", "must be a region such as eu-west-1", g.Region)
	v.endpoint(path+".endpoint", g.Endpoint)
	v.role(path, g.Role())
}

// tables checks that no table takes the partitions of two outputs: one would hide the other's.
func (v *validator) tables(c *Config) {
	first := make(map[Glue]int)
	for i, o := range c.Outputs {
		if o.Catalog == "" || o.Glue.Table == "" {
			continue
		}
		table := Glue{Database: o.Glue.Database, Table: o.Glue.Table, CatalogID: o.Glue.CatalogID, Region: o.Glue.Region}
		n, taken := first[table]
		v.must(!taken, fmt.Sprintf("outputs[%d].glue.table", i), fmt.Sprintf("must differ from that of outputs[%d], which has catalog glue too; give each output a table of its own", n), o.Glue.Table)
		if !taken {
			first[table] = i
		}
	}
}
