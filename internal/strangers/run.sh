#!/usr/bin/env bash
# Runs those tests of Parquet files that need a C compiler, in a module of their own. With the argument large it runs the
# test of a large file alone; with readers it fetches the libraries by which other tests read files back, and runs nothing.
# What can not be had is left out, and that is said; with REQUIRE_SERVERS=1 it is an error, but for pyarrow.
set -euo pipefail
cd "$(dirname "$0")"
missing=0

without() {
	echo "NOT RUN: Parquet files are not read back by $1: $2" >&2
}

modules() {
	cmp -s package-lock.json node_modules/fetched.json && return
	npm ci --no-audit --no-fund && cp package-lock.json node_modules/fetched.json
}

# wheels fetches pyarrow into an environment of its own, unless that has been done.
wheels() {
	cmp -s requirements.txt .cache/fetched && return
	rm -rf .cache
	python3 -m venv .cache/venv && .cache/venv/bin/pip install -q --disable-pip-version-check -r requirements.txt && cp requirements.txt .cache/fetched
}

duckdb() {
	if ! command -v "${CC:-cc}" >/dev/null; then
		without DuckDB "no C compiler (${CC:-cc}) is installed"
		echo "NOT RUN: DuckDB runs no statement of ddl, and counts no calls of the demo" >&2
		missing=1
		return
	fi
	(cd duckdb && export CGO_ENABLED=1 && go vet ./... && go test -count=1 -timeout 1h "$@" ./...)
}

# readers fetches what is not Go.
readers() {
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
		without "hyparquet and parquet-wasm" "Node.js with npm is not installed"
		missing=1
	elif ! (cd npm && modules); then
		without "hyparquet and parquet-wasm" "npm could not fetch them (see above)"
		missing=1
	fi
	if ! command -v python3 >/dev/null; then
		without pyarrow "Python is not installed"
	elif ! (cd python && wheels); then
		without pyarrow "pip could not fetch it (see above)"
	fi
}

case "${1:-}" in
readers) readers ;;
large) duckdb -run '^TestLargeFile$' -v ;;
*) duckdb ;;
esac
[ "$missing" = 0 ] || [ "${REQUIRE_SERVERS:-}" != 1 ]
