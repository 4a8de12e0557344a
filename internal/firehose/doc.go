// Package firehose turns the settings of an Amazon Data Firehose stream into a configuration of Standpipe and a report of
// what is the same, what is better and what is not taken over. It reads the output of `aws firehose
// describe-delivery-stream`, CloudFormation templates (also those that the CDK synthesizes) and Terraform (files, `terraform
// show -json` and state) into one struct in the shape of Firehose's API, and translates that. It is pure: it reads no file,
// calls nothing and knows no clock, and what it writes is accepted by package config whatever it was given.
package firehose
