#!/usr/bin/env bash
# Looks for known vulnerabilities in what the program calls, by govulncheck (pinned in go.mod) and the Go vulnerability
# database. Fails where one is found, and where the check itself is broken. Where the database does not answer nothing was
# checked: it says so in one line, "not checked: …", and does not fail, so that a machine without internet can go on.
# VULN_DB names another copy of the database.
set -uo pipefail
db=${VULN_DB:-https://vuln.go.dev}

report=$(go tool govulncheck -db "$db" ./... 2>&1)
code=$?
case $code in
0)
	printf 'checked: %s\n' "$report"
	;;
3) # https://pkg.go.dev/golang.org/x/vuln/cmd/govulncheck, "Exit codes"
	printf '%s\nfailed: vulnerabilities are found\n' "$report"
	exit 1
	;;
*)
	if grep -q 'fetching vulnerabilities' <<<"$report"; then
		printf 'not checked: the vulnerability database at %s does not answer: %s\n' "$db" "$(tail -n 1 <<<"$report")"
		exit 0
	fi
	printf '%s\nfailed: govulncheck ends with code %s\n' "$report" "$code"
	exit 1
	;;
esac
