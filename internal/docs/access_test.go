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

// actions are the IAM actions that each call needs. S3:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html, DynamoDB, whose
// transactions need those of their items: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html.
var actions = map[string][]string{
	"s3.CreateMultipartUpload":           {"s3:PutObject"},
	"s3.UploadPart":                      {"s3:PutObject"},
	"s3.CompleteMultipartUpload":         {"s3:PutObject"},
	"s3.AbortMultipartUpload":            {"s3:AbortMultipartUpload"},
	"s3.ListParts":                       {"s3:ListMultipartUploadParts"},
	"s3.HeadObject":                      {"s3:GetObject", "s3:ListBucket"}, // without the second S3 answers 403 for a key that is not there
	"s3.GetObject":                       {"s3:GetObject", "s3:ListBucket"},
	"s3.ListObjectsV2":                   {"s3:ListBucket"}, // verify
	"s3.DeleteObject":                    {"s3:DeleteObject"},
	"s3.HeadBucket":                      {"s3:ListBucket"},
	"s3.ListMultipartUploads":            {"s3:ListBucketMultipartUploads"}, // clean
	"s3.GetBucketLifecycleConfiguration": {"s3:GetLifecycleConfiguration"},  // check --online
	"kinesis.DescribeStreamSummary":      {"kinesis:DescribeStreamSummary"},
	"kinesis.ListShards":                 {"kinesis:ListShards"},
	"kinesis.GetShardIterator":           {"kinesis:GetShardIterator"},
	"kinesis.GetRecords":                 {"kinesis:GetRecords"},
	"dynamodb.CreateTable":               {"dynamodb:CreateTable"},
	"dynamodb.DescribeTable":             {"dynamodb:DescribeTable"},
	"dynamodb.Scan":                      {"dynamodb:Scan"},
	"dynamodb.GetItem":                   {"dynamodb:GetItem"},
	"dynamodb.PutItem":                   {"dynamodb:PutItem"},
	"dynamodb.UpdateItem":                {"dynamodb:UpdateItem"},
	"dynamodb.DeleteItem":                {"dynamodb:DeleteItem"},
	"dynamodb.TransactWriteItems":        {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"},
	"stscreds.NewAssumeRoleProvider":     {"sts:AssumeRole"},
	"types.ObjectCannedACL":              {"s3:PutObjectAcl"}, // of CreateMultipartUpload with an ACL
}

// TestPolicyAllowsWhatIsCalled compares the README's policy with the requests that the program makes.
func TestPolicyAllowsWhatIsCalled(t *testing.T) {
	needed, called := map[string]bool{}, map[string]bool{}
	for _, f := range tree(t) {
		if f.test || !f.in("cmd", "consumer", "sink", "internal/verify") {
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
			if actions[op] == nil && (!input || !slices.Contains([]string{"s3", "kinesis", "dynamodb", "sts"}, pkg.Name)) {
				return true
			}
			called[op] = true
			if actions[op] == nil {
				t.Errorf("%s calls %s: say in this test which actions that needs", f.name, op)
			}
			for _, a := range actions[op] {
				needed[a] = true
			}
			return true
		})
	}
	for op := range actions {
		if !called[op] {
			t.Errorf("nobody calls %s: take it out of this test", op)
		}
	}
	got := slices.Sorted(maps.Keys(allowed(t, "")))
	if want := slices.Sorted(maps.Keys(needed)); !slices.Equal(got, want) {
		t.Errorf("the README's policy allows\n%v, needed are\n%v", got, want)
	}
}

// TestPoliciesOfOtherAccounts: whoever owns the bucket allows what an identity of its own account needs for a worker,
// and the ACL; whoever owns the role, that it is assumed.
func TestPoliciesOfOtherAccounts(t *testing.T) {
	const principal = "arn:aws:iam::111122223333:role/standpipe-task"
	want := map[string]bool{"sts:AssumeRole": true, "s3:PutObjectAcl": true}
	forPeople := []string{"s3:GetLifecycleConfiguration", "s3:ListBucketMultipartUploads"} // for check --online and clean
	for action := range allowed(t, "") {
		if strings.HasPrefix(action, "s3:") && !slices.Contains(forPeople, action) {
			want[action] = true
		}
	}
	got := slices.Sorted(maps.Keys(allowed(t, principal)))
	if want := slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
		t.Errorf("the README's policies of other accounts allow\n%v, needed are\n%v", got, want)
	}
}

// allowed gives the actions that the README's policies allow to a principal, or, for "", to whom they belong.
func allowed(t *testing.T, principal string) map[string]bool {
	t.Helper()
	actions := map[string]bool{}
	for _, body := range fenced(t, readme, "json") {
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
			t.Fatalf("a policy of the README: %v", err)
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

// TestExitCodesTable compares the README's table with the one that --help prints.
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
	keep(t, readme, "exit codes", table)
}
