package endtoend

import "standpipe/internal/docs"

// permitted fails the test when something was called that the documented policies have no line for. So what workers
// really call is held against them, in every test and under every fault.
func (w *World) permitted() {
	for service, called := range map[string]map[string]int{"kinesis": w.Kinesis.Gate.Operations(), "dynamodb": w.Dynamo.Operations(), "s3": w.S3.Operations(), "glue": w.Glue.Operations(), "lambda": w.Lambda.Operations()} {
		for op, n := range called {
			if service+"."+op == "s3.PutObject" { // tests put objects of nobody; that the program does not is seen in its source
				continue
			}
			if docs.Actions[service+"."+op] == nil {
				w.T.Errorf("%s.%s was called %d times: say in internal/docs/actions.go and in the policies which IAM actions it needs", service, op, n)
			}
		}
	}
}
