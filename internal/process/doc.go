// Package process runs programs for tests: real servers, and the workers of a test that kills them. A process has a
// folder of its own for its output, and both end at the latest with the test binary, however that ends. Build makes
// the program itself.
package process
