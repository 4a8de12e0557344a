// Package tables writes the CREATE TABLE statements by which query engines find what an output delivers: columns from a
// schema, partitions from the output's prefix. Where an engine can compute its partitions (partition projection of Athena
// and Trino), the statement is all it ever needs: no crawler, no MSCK REPAIR. Everything here is pure; nothing is called.
package tables
