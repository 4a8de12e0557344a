package endtoend

import "testing"

// brief says that tests of many runs make few of them: the race detector makes each ten times as long, and -short asks for
// it. `make crashes` and `make soak` make all.
func brief() bool { return raced || testing.Short() }
