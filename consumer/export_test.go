package consumer

// ErrConflict is what the contract suite of the lease table looks for.
var ErrConflict = errConflict
