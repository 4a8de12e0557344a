// Package footprint holds the daemon to its limits of memory, processor time and start-up: its tests build
// the real program, load it from servers in another process and read what the kernel counted.
// They are left out with the race detector, which would slow the servers down: `make measured` runs them.
package footprint
