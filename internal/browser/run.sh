#!/usr/bin/env bash
# Runs the tests that look at pages in a browser. playwright-core comes from npm by the lock file; Chromium is the
# machine's, or Debian's, which is installed where CI runs as root. What can not be had is left out, and that is said; with
# REQUIRE_SERVERS=1 it is an error.
set -euo pipefail
cd "$(dirname "$0")"

without() {
	echo "NOT RUN: the status page is not looked at in a browser: $1" >&2
	[ "${REQUIRE_SERVERS:-}" != 1 ]
	exit
}

modules() {
	cmp -s package-lock.json node_modules/fetched.json && return
	npm ci --no-audit --no-fund && cp package-lock.json node_modules/fetched.json
}

find_browser() {
	command -v chromium || command -v chromium-browser || command -v google-chrome
}

install_browser() {
	[ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return
	{ timeout 300 apt-get update -q && DEBIAN_FRONTEND=noninteractive timeout 600 apt-get install -qy --no-install-recommends chromium fonts-dejavu-core; } >&2
}

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	without "Node.js with npm is not installed"
elif ! modules; then
	without "npm could not fetch playwright-core (see above)"
elif ! browser=$(find_browser || { install_browser && find_browser; }); then
	without "Chromium is not installed (on Debian: apt-get install chromium)"
fi
cd ../.. && STANDPIPE_BROWSER=$browser go test -count=1 ./cmd/standpipe ./internal/statuspage -run 'InABrowser$' "$@"
