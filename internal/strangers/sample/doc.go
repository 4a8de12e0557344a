// Package sample draws the records that Parquet files are written of to be read back by strangers: some with every type
// that JSON can fill, some as access logs are. The tests of several modules share it.
package sample
