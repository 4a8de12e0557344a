package docs

import (
	"go/ast"
	"testing"
)

// TestNothingDisablesCertificateChecks: there is no way to talk to a server whose certificate does not hold, and none
// to be added by mistake. AWS_CA_BUNDLE adds an authority of one's own.
func TestNothingDisablesCertificateChecks(t *testing.T) {
	files := 0
	for _, f := range tree(t) {
		if f.test {
			continue
		}
		files++
		ast.Inspect(f.File, func(n ast.Node) bool {
			if name, ok := n.(*ast.Ident); ok && (name.Name == "InsecureSkipVerify" || name.Name == "VerifyPeerCertificate" || name.Name == "VerifyConnection") {
				t.Errorf("%s mentions %s", f.name, name.Name)
			}
			return true
		})
	}
	if files == 0 {
		t.Error("no files looked at")
	}
}
