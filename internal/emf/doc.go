// Package emf writes the program's metrics as lines of CloudWatch's embedded metric format, from which CloudWatch Logs
// makes metrics without an agent or an API call. Its names are those of Amazon Data Firehose where what they say is the
// same, so that an alarm moves over by its namespace and its dimension's value. It reads the Prometheus registry: each
// number is counted in one place, and nothing is measured for CloudWatch alone.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
package emf
