#!/usr/bin/env bash
# Runs the tests that need a C compiler, in a module of their own. Without one they are left out, and that is said; with
# REQUIRE_SERVERS=1 it is an error.
set -euo pipefail
cd "$(dirname "$0")/duckdb"

if ! command -v "${CC:-cc}" >/dev/null; then
	echo "NOT RUN: Parquet files are not read back by DuckDB: no C compiler (${CC:-cc}) is installed" >&2
	[ "${REQUIRE_SERVERS:-}" != 1 ] || exit 1
	exit 0
fi
export CGO_ENABLED=1
go vet ./...
go test -count=1 ./...
