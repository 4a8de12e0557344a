// Package catalog is the AWS Glue Data Catalog as outputs use it: tables from which the columns of Parquet outputs come and
// which are followed while records flow (Source), and tables in which partitions are registered once their objects are
// visible (Register), found again in the journals after a crash (Journals). What can not be used or had is said, and changes
// nothing: Glue is never asked on a record's way, and delivery never waits for it.
package catalog
