// Package docs holds the documents at the root of the repository and in docs, and the tree itself, to what they say. Its
// tests compare them with the configuration, metrics, exit codes, permissions and tests it describes, and
// the source with the rules of CONTRIBUTING.md: which package imports which, how long a file may be, where
// nothing sleeps. Its only code is the table of the IAM actions that the program needs.
package docs
