// Package verify proves from the journals and the bucket that what Standpipe promised is there: the ranges of each shard
// are contiguous, every object that a batch listed exists as it was written, and no object of ours is there that no batch
// listed. It goes by what is stored alone and shares nothing with the code that stored it but the form of the journals. It
// may run beside workers: it begins with the lease table, and what lies beyond a checkpoint read there is left out.
package verify
