package docs

import (
	"regexp"
	"strings"
	"testing"
)

// commands are the command lines of the documents' sh blocks, each with where it is run: a file, and the words
// in it that run it.
var commands = map[string]struct{ file, words string }{
	"go run ./cmd/standpipe demo":                                 {".ci/run", `./standpipe demo --dir "$dir/plain"`},
	"go run ./cmd/standpipe demo --crash":                         {".ci/run", `./standpipe demo --dir "$dir/crash" --crash`},
	"go run ./cmd/standpipe demo --format parquet":                {".ci/run", `./standpipe demo --dir "$dir/parquet" --format parquet`},
	"./standpipe schema access-log.ndjson":                        {"cmd/standpipe/samples_test.go", `execute(t, nil, "schema", "access-log.ndjson")`},
	"./standpipe ddl -c standpipe.yaml":                           {"cmd/standpipe/ddl_test.go", `execute(t, nil, "ddl", "-c", file)`},
	"./standpipe cost --record-size 300B --rate 1MB/s":            {"cmd/standpipe/cost_docs_test.go", `execute(t, nil, "cost", "--record-size", "300B", "--rate", "1MB/s")`},
	"go run ./cmd/standpipe cost --record-size 300B --rate 1MB/s": {"cmd/standpipe/cost_docs_test.go", `execute(t, nil, "cost", "--record-size", "300B", "--rate", "1MB/s")`},
	"./standpipe cost --print-prices":                             {"cmd/standpipe/cost_docs_test.go", `execute(t, nil, "cost", "--print-prices")`},
	"make build":                                                  {".ci/run", "make build"},
	"make test":                                                   {".ci/run", "make test"},
	"make race":                                                   {".ci/run", "make race"},
	"make measured":                                               {".ci/run", "make measured"},
	"make crashes":                                                {".ci/run", "make crashes"},
	"make soak":                                                   {".ci/run", "make soak SEEDS=300"}, // of all the 10,000
	"make mutants":                                                {"Makefile", "go test -run '^TestMutantsAreCaught$$' -count=1"},
	"make outages":                                                {".ci/run", "make outages OUTAGES=short"}, // the long form takes longer
	"make lint":                                                   {".ci/run", "make lint"},
	"./standpipe check -c standpipe.yaml":                         {"cmd/standpipe/commands_test.go", `execute(t, nil, "check", "-c", file)`},
	"./standpipe check -c standpipe.yaml --online":                {"cmd/standpipe/check_online_test.go", `execute(t, c.env(), "check", "--online")`},
	"./standpipe status -c standpipe.yaml":                        {"cmd/standpipe/status_test.go", `execute(t, env, "status")`},
	"./standpipe try -c standpipe.yaml sample.ndjson":             {"cmd/standpipe/try_test.go", `execute(t, nil, "try", "-c", file`},
	"./standpipe run -c standpipe.yaml":                           {"cmd/standpipe/demo.go", `o.Command = []string{self, "run", "-c"}`}, // by TestDemoSurvivesKilledWorkers
	"./standpipe verify -c standpipe.yaml --deep":                 {"cmd/standpipe/verify_test.go", `execute(t, d.env(), "verify", "--deep")`},
	"./standpipe replay -c standpipe.yaml --from 2026-01-31T12:00:00Z --to 2026-01-31T18:00:00Z --prefix replay/": {"cmd/standpipe/replay_test.go", `[]string{"replay", "--from",`},
	"./standpipe redrive -c standpipe.yaml":           {"cmd/standpipe/redrive_test.go", `execute(t, env, "redrive")`},
	"./standpipe redrive -c standpipe.yaml --dry-run": {"cmd/standpipe/redrive_test.go", `call(3, "--dry-run")`},
	"UPDATE=1 go test ./internal/docs":                {"internal/docs/blocks_test.go", `os.Getenv("UPDATE")`},
	"UPDATE=1 go test ./cmd/standpipe":                {"cmd/standpipe/metrics_test.go", `os.Getenv("UPDATE")`},
	"go test ./config -update":                        {"config/files_test.go", `flag.Bool("update"`},
	"go test -race -shuffle=on ./sink/...":            {"Makefile", "go test -race -shuffle=on -vet=off"},
	"go test ./internal/endtoend -run " + replay + "": {"Makefile", "go test -race -shuffle=on -vet=off"}, // its name: TestTestsNamedInDocumentsExist

	"go run ./internal/bench -latency":       {"internal/bench/bench_test.go", `of(b.latency())`},
	"go run ./internal/bench -mb 400":        {"internal/bench/bench_test.go", `run([]string{"-mb", "2", "-case"`},
	"go run ./internal/bench -levels -mb 60": {"internal/bench/bench_test.go", `of(b.levels())`},
	"go run ./internal/bench -curves":        {"internal/bench/bench_test.go", `of(b.curves())`}, // of each a case

	// There is no Docker to run these: what they build and load is tested, see docs/containers.md.
	"docker compose up --build --wait":                                      {"internal/containers/compose_test.go", "func TestComposeFile("},
	"docker compose exec localstack awslocal s3 ls --recursive s3://lake":   {"internal/containers/compose_test.go", "func TestComposeEnvironment("},
	"docker compose --profile monitoring up --build":                        {"internal/containers/monitoring_test.go", "func TestComposeMonitoring("},
	"docker buildx build --platform linux/amd64,linux/arm64 -t standpipe .": {"internal/containers/dockerfile_test.go", "func TestImageRuns("},
	"curl -X POST -H 'Content-Type: application/json' -d '{\"page\": \"/items/323\"}' http://localhost:4566/_aws/execute-api/clicks/dev/clicks": {"internal/containers/init_test.go", `url := "http://localhost:4566/_aws/execute-api/clicks/dev/clicks"`},
}

const replay = "'TestCrashes/^advance/dies_before' -v"

func TestCommandLinesAreRun(t *testing.T) {
	used := map[string]bool{}
	for _, file := range []string{readme, "CONTRIBUTING.md", proof, parquet, containers, "docs/verify.md", "docs/replay.md", "docs/redrive.md", "docs/performance.md", "docs/cost.md", metering, "examples/clicks/README.md", "examples/click-bodies/README.md", "examples/common-log/README.md"} {
		for _, body := range fenced(t, file, "sh") {
			for line := range strings.Lines(body) {
				line = strings.TrimSpace(regexp.MustCompile(`(^|\s)#.*`).ReplaceAllString(line, ""))
				if line == "" || strings.HasPrefix(line, "go run ./cmd/standpipe try -c examples/") { // by TestExamples
					continue
				}
				used[line] = true
				if _, known := commands[line]; !known {
					t.Errorf("%s shows %q: say in this test where it is run", file, line)
				}
			}
		}
	}
	for line, where := range commands {
		if !used[line] {
			t.Errorf("no document shows %q: take it out of this test", line)
		}
		if !strings.Contains(read(t, where.file), where.words) {
			t.Errorf("%s does not run %q any more: no %q in it", where.file, line, where.words)
		}
	}
}

func TestMakeTargetsExist(t *testing.T) {
	makefile := read(t, "Makefile")
	for _, file := range documents {
		for _, m := range regexp.MustCompile("(?m)(?:`|^)make ([a-z]+)").FindAllStringSubmatch(read(t, file), -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s names `make %s`, which the Makefile does not have", file, m[1])
			}
		}
	}
}
