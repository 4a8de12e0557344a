package docs

import (
	"encoding/json"
	"go/ast"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestPolicyAllowsWhatIsCalled compares the policy of docs/permissions.md with the requests that the program makes.
func TestPolicyAllowsWhatIsCalled(t *testing.T) {
	needed, called := map[string]bool{}, map[string]bool{}
	for _, f := range tree(t) {
		if f.test || !f.in("cmd", "consumer", "sink", "internal/s3read", "internal/verify", "internal/catalog") {
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			op, input := strings.CutSuffix(sel.Sel.Name, "Input")
			if !ok {
				return true
			}
			op = pkg.Name + "." + op
			if Actions[op] == nil && (!input || !slices.Contains([]string{"s3", "kinesis", "dynamodb", "glue", "lambda", "sts"}, pkg.Name)) {
				return true
			}
			called[op] = true
			if Actions[op] == nil {
				t.Errorf("%s calls %s: say in actions.go which actions that needs", f.name, op)
			}
			for _, a := range Actions[op] {
				needed[a] = true
			}
			return true
		})
	}
	for op := range Actions {
		if !called[op] {
			t.Errorf("nobody calls %s: take it out of actions.go", op)
		}
	}
	got := slices.Sorted(maps.Keys(allowed(t, permissions, "")))
	if want := slices.Sorted(maps.Keys(needed)); !slices.Equal(got, want) {
		t.Errorf("docs/permissions.md allows\n%v, needed are\n%v", got, want)
	}
}

// TestTransactionsNeedTheActionsOfTheirItems compares what the program puts into transactions with the table.
func TestTransactionsNeedTheActionsOfTheirItems(t *testing.T) {
	needed := map[string]bool{}
	for _, f := range tree(t) {
		if f.test || !f.in("cmd", "consumer", "sink") {
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			if pair, ok := n.(*ast.KeyValueExpr); ok {
				kind, named := pair.Key.(*ast.Ident)
				if made, ok := pair.Value.(*ast.UnaryExpr); ok && named && TransactActions[kind.Name] != "" {
					if lit, ok := made.X.(*ast.CompositeLit); ok {
						if sel, ok := lit.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == kind.Name {
							needed[TransactActions[kind.Name]] = true
						}
					}
				}
			}
			return true
		})
	}
	if got, want := slices.Sorted(slices.Values(Actions["dynamodb.TransactWriteItems"])), slices.Sorted(maps.Keys(needed)); !slices.Equal(got, want) {
		t.Errorf("TransactWriteItems is said to need %v; its items need %v", got, want)
	}
}

// TestKMSPolicy compares the policy for encrypted buckets and streams with what S3 and Kinesis ask of the key.
func TestKMSPolicy(t *testing.T) {
	if got, want := slices.Sorted(maps.Keys(allowed(t, security, ""))), slices.Sorted(slices.Values(KMSActions)); !slices.Equal(got, want) {
		t.Errorf("docs/security.md allows %v, needed are %v", got, want)
	}
	for _, action := range KMSActions {
		if !strings.Contains(read(t, permissions), "`"+action+"`") {
			t.Errorf("docs/permissions.md does not say that a key must allow %s", action)
		}
	}
}

// TestPoliciesOfOtherAccounts: whoever owns the bucket allows what an identity of its own account needs for a worker,
// and the ACL; whoever owns the role, that it is assumed.
func TestPoliciesOfOtherAccounts(t *testing.T) {
	const principal = "arn:aws:iam::111122223333:role/standpipe-task"
	want := map[string]bool{"sts:AssumeRole": true, "s3:PutObjectAcl": true}
	forPeople := []string{"s3:GetLifecycleConfiguration", "s3:ListBucketMultipartUploads"} // for check --online and clean
	for action := range allowed(t, permissions, "") {
		if strings.HasPrefix(action, "s3:") && !slices.Contains(forPeople, action) {
			want[action] = true
		}
	}
	got := slices.Sorted(maps.Keys(allowed(t, permissions, principal)))
	if want := slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
		t.Errorf("the policies of other accounts in docs/permissions.md allow\n%v, needed are\n%v", got, want)
	}
}

// allowed gives the actions that a document's policies allow to a principal, or, for "", to whom they belong.
func allowed(t *testing.T, file, principal string) map[string]bool {
	t.Helper()
	actions := map[string]bool{}
	for _, body := range fenced(t, file, "json") {
		var p struct {
			Statement []struct {
				Effect    string
				Principal struct{ AWS string }
				Action    []string
			}
		}
		if !strings.Contains(body, `"Statement"`) {
			continue
		}
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			t.Fatalf("a policy of %s: %v", file, err)
		}
		for _, s := range p.Statement {
			for _, a := range s.Action {
				if s.Effect == "Allow" && s.Principal.AWS == principal {
					actions[a] = true
				}
			}
		}
	}
	return actions
}

// TestExitCodesTable compares the documents' table with the one that --help prints.
func TestExitCodesTable(t *testing.T) {
	text := read(t, "cmd/standpipe/exit.go")
	codes := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\t(exit\w+) += (\d+)$`).FindAllStringSubmatch(text, -1) {
		codes[m[1]] = m[2]
	}
	table := "| Code | Meaning |\n|---|---|\n"
	for _, m := range regexp.MustCompile(`(?m)^\t\{(exit\w+), "(.*)"\},$`).FindAllStringSubmatch(text, -1) {
		table += "| " + codes[m[1]] + " | " + m[2] + " |\n"
	}
	if len(codes) < 5 || strings.Count(table, "\n") != len(codes)+2 {
		t.Fatalf("codes not found in cmd/standpipe/exit.go: %v", codes)
	}
	keep(t, commandsPage, "exit codes", table)
}
