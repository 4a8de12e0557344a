# Everything a contributor runs. `make test` sets up what it needs by itself: Go fetches the modules, npm the servers
# to test against. What needs Node.js or Java is skipped where they are not installed, or fails if REQUIRE_SERVERS=1.

.PHONY: test race bench image deploy measured readers strangers browser crashes outages servers lint vulncheck build demo fuzz soak mutants help

test: servers readers ## the tests, in random order, long ones in part; vet is part of make lint
	go test -short -shuffle=on -vet=off -ldflags='-s -w' -p 3 -parallel 6 ./...

race: servers readers ## all tests, with the race detector
	go test -race -shuffle=on -vet=off -ldflags='-s -w' -p 3 -parallel 6 ./...

measured: ## what the race detector would falsify or make ten times as slow: memory, processor time, much data
	go test -count=1 -p 1 ./internal/footprint ./internal/requests ./internal/mutants ./sink/parquet ./sink/steps
	go test -count=1 -run 'Open.*Path' ./sink

image: servers ## the Dockerfile's steps without Docker, and docker-compose.yml as Docker Compose reads it
	STANDPIPE_BUILDS=1 go test -count=1 ./internal/containers

deploy: ## what lies in deploy/: held to the program, and the CloudFormation template by cfn-lint where it can be had
	@internal/deploy/lint.sh
	STANDPIPE_BUILDS=1 go test -count=1 ./internal/deploy
	GOWORK=off go -C internal/deploy/promql test -count=1 -mod=readonly .

bench: ## what a byte costs from Kinesis to S3, beside the AWS SDK's plain loop: make bench BENCH=-all, -curves or -latency
	go run ./internal/bench $(BENCH)

readers: ## what reads Parquet files back, by its lock files; says which can not be had, and why
	@internal/strangers/run.sh readers

strangers: readers ## Parquet files, the tables of ddl and the demo's count by DuckDB, which needs a C compiler
	@internal/strangers/run.sh

browser: ## the status page in Chromium, which is not fetched: says where it is not there
	@internal/browser/run.sh

OUTAGES ?= long
outages: servers ## workers under load, servers and networks failing: some 10 minutes, or 2: make outages OUTAGES=short
	OUTAGES=$(OUTAGES) go test -count=1 -v -timeout 30m -run EachRecord ./internal/outages

crashes: ## every call of a story, failing in every way; one process a core, a few minutes
	STANDPIPE_CRASHES=all go test ./internal/endtoend -run '^TestCrashes$$' -count=1 -v

servers: ## the real servers that tests run against, by their lock files; says which can not be had, and why
	@internal/realservers/fetch.sh

lint: ## format, vet, staticcheck (pinned in go.mod)
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$unformatted" ]; then echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

vulncheck: ## known vulnerabilities; says "not checked" where the database can not be reached
	@internal/vulncheck/vulncheck.sh

build: ## one static binary
	CGO_ENABLED=0 go build -trimpath -o standpipe ./cmd/standpipe

demo: ## 100,000 records through embedded servers, counted at the end
	go run ./cmd/standpipe demo

fuzz: ## each fuzz target for half a minute
	@go list ./... | while read pkg; do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime 30s $$pkg || exit 1; \
		done; \
	done

SEEDS ?= 10000
FIRST ?= 1
LARGE ?= 1024
soak: ## so many schedules of the randomised simulation, from a seed on, and a Parquet file of so many MB: make soak SEEDS=10000 FIRST=1 LARGE=1024
	cd internal/endtoend && GOGC=400 STANDPIPE_SEEDS=$(SEEDS) STANDPIPE_FIRST=$(FIRST) go test -run '^TestSimulation$$' -count=1 -timeout 12h
	@STANDPIPE_LARGE=$(LARGE) internal/strangers/run.sh large

MUTANTS ?= all
mutants: ## break each rule of the commit protocol in turn; the end-to-end tests must fail: make mutants MUTANTS=rules
	cd internal/mutants && STANDPIPE_MUTANTS='$(MUTANTS)' go test -run '^TestMutantsAreCaught$$' -count=1 -timeout 6h

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile
