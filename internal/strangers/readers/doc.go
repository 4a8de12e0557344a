// Package readers has Parquet files that Standpipe writes read back by libraries of other languages: hyparquet in
// JavaScript, parquet-wasm, which is Rust's, and pyarrow, which is C++'s. What they read is compared with the JSON that went
// in. `make strangers` fetches them; one that is not there is skipped, or fails the tests if REQUIRE_SERVERS=1.
package readers
