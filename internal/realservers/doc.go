// Package realservers runs the contract suites' real servers for tests: kinesis-local, DynamoDB Local and
// versitygw, an S3 gateway over a folder. A test asks for one and gets its endpoint; the server is a process of its
// own on a free port of this machine, shared by the tests that use it meanwhile, and ends with them or with the test
// binary, however that ends. `make servers` fetches the servers by their lock files; where one is not there, its
// tests are skipped with the reason, or fail with it when REQUIRE_SERVERS=1.
package realservers
