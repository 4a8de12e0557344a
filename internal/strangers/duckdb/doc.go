// Package duckdb holds the Parquet files that Standpipe writes against DuckDB: its own reading of the JSON that went in
// must be its reading of the file that came out. It also has DuckDB run the statements of internal/tables, and count the
// calls in a demo whose workers are killed. It is a module of its own, since DuckDB needs a C compiler, which nothing else
// here does.
package duckdb
