// Package libraries measures the Go libraries that write Parquet, on the access logs that Standpipe is measured with: speed,
// allocations and the size of the file. By it parquet-go/parquet-go was chosen. It is a module of its own, since nothing else
// needs arrow-go.
package libraries
