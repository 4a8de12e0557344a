package realservers

import (
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"standpipe/internal/process"
)

// dynamoDBLocal is AWS's own DynamoDB for one machine.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.UsageNotes.html
var dynamoDBLocal = &shared{kind: kind{
	name:     "DynamoDB Local",
	variable: "DYNAMODB_ENDPOINT",
	absent: func() string {
		if !hasJava() {
			return "Java 17 or later is not installed"
		}
		return unfetched(dynamoDBJar)
	},
	command: func(s *Server, dir string, ports [2]int) (*exec.Cmd, error) {
		jar, err := locate(dynamoDBJar)
		if err != nil {
			return nil, err
		}
		cmd := exec.Command("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xmx512m",
			"-Djava.library.path="+filepath.Join(filepath.Dir(jar), "DynamoDBLocal_lib"), "-jar", jar,
			"-sharedDb", "-disableTelemetry", "-port", strconv.Itoa(ports[0]))
		if s.durable {
			cmd.Args = append(cmd.Args, "-dbPath", dir)
		} else {
			cmd.Args = append(cmd.Args, "-inMemory")
		}
		cmd.Dir = dir
		cmd.Env = process.Environment()
		return cmd, nil
	},
	ready: func(ctx context.Context, s *Server) error {
		c := dynamodb.NewFromConfig(s.Config(), func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
		_, err := c.ListTables(ctx, &dynamodb.ListTablesInput{})
		return err
	},
}}

const dynamoDBJar = "node_modules/amplify-dynamodb-simulator/emulator/DynamoDBLocal.jar"

var javaVersion = regexp.MustCompile(`version "(\d+)`)

// hasJava says whether java is one that the jar runs on.
func hasJava() bool {
	out, err := exec.Command("java", "-version").CombinedOutput()
	if err != nil {
		return false
	}
	m := javaVersion.FindSubmatch(out)
	if m == nil {
		return true // it will tell
	}
	major, err := strconv.Atoi(string(m[1]))
	return err == nil && major >= 17
}
