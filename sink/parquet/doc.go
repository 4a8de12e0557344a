// Package parquet turns JSON records into Parquet: a schema of Hive types gives the columns, a Shredder reads each
// record once and puts its values into them. What a record may hold and how it is converted is, by default, what Amazon
// Data Firehose does with the OpenX JSON SerDe in record format conversion; Options.Strict allows no conversion at all.
// A record that does not fit adds nothing and is refused with the code and words of Firehose.
//
// The behaviour copied is that of
// https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html and
// https://docs.aws.amazon.com/firehose/latest/APIReference/API_OpenXJsonSerDe.html. Each decision, with the grade of its
// evidence, is a line in testdata/cases.tsv.
package parquet
