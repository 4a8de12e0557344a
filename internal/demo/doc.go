// Package demo is `standpipe demo`: the whole way from Kinesis to S3 on servers in this process, with sample
// clicks, a split and a merge, and, with Crash, workers that are killed all the time. At the end it reads back
// what lies in the folder and counts what was lost, doubled or changed. The reader (audit*.go) is independent: it
// uses nothing of the packages that wrote the objects.
package demo
