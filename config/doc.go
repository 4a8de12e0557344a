// Package config says what Standpipe can be told: where it reads, how it
// buffers, to which outputs it writes and how it is watched. Load merges
// defaults, the YAML file, STANDPIPE_ environment variables and flags, each
// beating the one before, into one typed Config and reports every problem at
// once, with its line and with what is allowed instead. The struct tags of
// Config are the only description of the keys: flags, limits and the
// table of docs/configuration.md are made from them.
package config
