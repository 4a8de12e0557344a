//go:build race

package parquet

const raced = true
