//go:build !race

package steps

const raced = false
