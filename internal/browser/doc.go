// Package browser lets tests look at pages as people do, in Debian's Chromium, driven by playwright-core of npm
// (package-lock.json). `make browser` fetches both and runs these tests; elsewhere they are skipped, and say so: no other
// test needs a browser.
package browser
