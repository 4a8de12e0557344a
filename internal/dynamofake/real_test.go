package dynamofake

import (
	"os"
	"os/exec"
	"regexp"
	"testing"

	"standpipe/internal/realservers"
)

var topLevel = regexp.MustCompile(`(?m)^--- (PASS|SKIP|FAIL): (\S+)`)

// TestSuiteOnDynamoDBLocal runs this package's tests once more, in a process that has DynamoDB Local for a server.
func TestSuiteOnDynamoDBLocal(t *testing.T) {
	if os.Getenv("DYNAMODB_ENDPOINT") != "" {
		t.Skip("the other tests of this package run against DYNAMODB_ENDPOINT already")
	}
	server := realservers.DynamoDB(t)
	suite := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^Test", "-test.skip=^"+t.Name()+"$", "-test.v", "-test.shuffle=on")
	suite.Env = append(os.Environ(), "DYNAMODB_ENDPOINT="+server.Endpoint)
	out, err := suite.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	count := map[string]int{}
	for _, m := range topLevel.FindAllSubmatch(out, -1) {
		count[string(m[1])]++
		if string(m[1]) == "SKIP" {
			t.Logf("for the fake alone: %s", m[2])
		}
	}
	t.Logf("%d passed, %d skipped", count["PASS"], count["SKIP"])
	if count["PASS"] == 0 {
		t.Errorf("no test ran:\n%s", out)
	}
}
