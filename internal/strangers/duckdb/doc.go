// Package duckdb holds the Parquet files that Standpipe writes against DuckDB: its own reading of the JSON that went in
// must be its reading of the file that came out. It is a module of its own, since DuckDB needs a C compiler, which
// nothing else here does.
package duckdb
