#!/bin/sh
# Fetches the servers that tests run against, by their lock files: kinesis-local and DynamoDB Local into
# node_modules, versitygw into .cache. Does nothing when they are there. For a server that can not be had it prints
# a line with the reason, and fails if REQUIRE_SERVERS=1.
set -u
cd "$(dirname "$0")" || exit 1
mkdir -p .cache
missing=0

without() {
	echo "servers: no $1, so its tests are skipped: $2" >&2
	missing=1
}

# modules fetches what package-lock.json names, unless that has been done.
modules() {
	cmp -s package-lock.json .cache/fetched.json && return
	rm -f .cache/fetched.json
	npm ci && cp package-lock.json .cache/fetched.json
}

# java17 says whether java is one that DynamoDB Local runs on.
java17() {
	version=$(java -version 2>&1) || return
	major=$(printf '%s\n' "$version" | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
	[ "${major:-0}" -ge 17 ]
}

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	without "kinesis-local" "Node.js with npm is not installed"
	without "DynamoDB Local" "npm, which fetches it, is not installed"
elif ! modules; then
	without "kinesis-local" "npm could not fetch it (see above)"
	without "DynamoDB Local" "npm could not fetch it (see above)"
elif ! java17; then
	without "DynamoDB Local" "Java 17 or later is not installed"
fi
CGO_ENABLED=0 go -C gateway build -mod=readonly -o ../.cache/versitygw github.com/versity/versitygw/cmd/versitygw ||
	without "versitygw" "Go could not build it (see above)"

[ "$missing" = 0 ] || [ "${REQUIRE_SERVERS:-}" != 1 ]
