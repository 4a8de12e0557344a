// Package gluefake is an AWS Glue Data Catalog in memory, for tests. It speaks Glue's wire protocol (JSON 1.1) and
// enforces the service's rules as far as Standpipe meets them: names in lower case, versions that count up, unique tables
// and partitions, as many values as partition keys, at most 100 partitions a call. Faults are injected in front of it by
// the same gate as with the other fakes.
package gluefake
