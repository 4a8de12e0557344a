//go:build !race

package consumer

func spoil([]byte) {}
