// Package transform has a Lambda function transform the records of a stream, by the contract that Firehose has with such
// functions: the same request, the same response, the same errors for what is wrong with it. So a function that Firehose
// calls today works as it is. What differs is said where it differs: an outage of AWS Lambda makes no error records.
package transform
