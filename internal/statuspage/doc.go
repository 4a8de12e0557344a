// Package statuspage serves the status of a worker and its application: a page for people at /, the same as JSON at
// /status. The page is three files in the program, without a build step and without anything from elsewhere; its script
// asks for /status every two seconds while somebody looks.
//
// Shard ids, paths and errors come from outside. The page puts them into text nodes alone, and its Content-Security-Policy
// lets no other script, style or host in.
package statuspage
