// Package vulncheck holds the script that looks for known vulnerabilities in the modules this program uses, and its test.
// The script never counts as passed what it could not check: without the database it says so.
package vulncheck
