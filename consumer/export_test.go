package consumer

// ErrConflict is what the contract suite of the lease table looks for.
var ErrConflict = errConflict

// DynamoClient speaks to a server in this process.
var DynamoClient = dynamoClient
