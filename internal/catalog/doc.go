// Package catalog is the AWS Glue Data Catalog as outputs use it: a table from which the columns of a Parquet output come,
// and which is followed while records flow, so that a column that somebody adds is in the next batch. What can not be used
// of a table is said, and changes nothing: records go on being delivered with the columns that were there before. Glue is
// never asked on a record's way.
package catalog
