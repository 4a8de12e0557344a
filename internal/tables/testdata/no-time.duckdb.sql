-- The table has no partitions, so each query reads all objects: the prefix a/!{firehose:random-string}/ has no time in it.
-- DuckDB looks into the objects when it makes the view: one must be there.
-- It takes the credentials of this machine after: CREATE SECRET (TYPE s3, PROVIDER credential_chain);
CREATE SCHEMA IF NOT EXISTS "lake";
CREATE OR REPLACE VIEW "lake"."clicks" AS SELECT * FROM read_parquet(
  's3://my-lake/a/**/*.parquet',
  hive_partitioning = false,
  union_by_name = true
);
