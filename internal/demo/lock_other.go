//go:build !unix || solaris || aix

package demo

import "os"

// lock does nothing where there is no flock: two demos in one folder are the user's affair.
func lock(*os.File) error { return nil }
