// Package redrive sends the records of error records through the steps and outputs once more, each exactly once however often
// it is called. It reads error objects, Standpipe's own or Firehose's, and gives the records to a sink as a shard whose
// positions count steps of this work. Each step carries, beside its records, a line that says which bytes of which object
// they came from: an output of its own takes it, so it is committed with them, and later calls leave these bytes out.
package redrive
