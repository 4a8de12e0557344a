// Package trial shows what a configuration makes of sample records: it puts them into an embedded Kinesis, has a worker
// carry them through the configuration's steps and outputs into a folder, and prints the objects, with the beginning of
// what they hold. It is the code that delivers records in production, and needs no account.
package trial
