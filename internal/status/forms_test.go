package status

import (
	"strings"
	"testing"
)

// storedReport is a report as heartbeats of version 1 carry it.
const storedReport = `{"v":1,"t":1795385722728,"p":"v1.4.0","s":1795380000,"r":31234.6,"b":10400123,"l":{"0":4,"12":9},"f":true,"m":87031808,"M":134217728,"o":12,"w":299,` +
	`"B":[{"s":"completing","t":1795385000,"b":356515840}],"c":{"t":1795385300,"c":"interval","d":1.412,"o":48,"r":1080000,"b":356515840,"s":63963136},` +
	`"T":[{"d":"reading","w":"denied","t":1795385300,"n":12,"m":3}],"n":2}`

func TestReportIsWrittenAndReadAsStored(t *testing.T) {
	r := readReport(storedReport)
	if r == nil {
		t.Fatal("a report of version 1 is not read")
	}
	if got := r.Encode(4096); got != storedReport {
		t.Errorf("a report is\n%s, was\n%s\nWhere a member changes its meaning, raise reportVersion, and go on reading version 1 (see \"Changing what is stored\" in CONTRIBUTING.md).", got, storedReport)
	}
}

// What a newer version says is passed over where it has a higher version, and read where it has more members alone.
func TestReportOfANewerVersion(t *testing.T) {
	if r := readReport(strings.Replace(storedReport, `"v":1`, `"v":2`, 1)); r != nil {
		t.Errorf("read as %+v", r)
	}
	if r := readReport(strings.Replace(storedReport, `"v":1`, `"v":1,"later":{"x":[1]}`, 1)); r == nil || r.Open != 12 {
		t.Errorf("read as %+v", r)
	}
}
