-- DuckDB looks into the objects when it makes the view: one must be there.
-- It takes the credentials of this machine after: CREATE SECRET (TYPE s3, PROVIDER credential_chain);
-- The folders have no names, so DuckDB takes them for no partitions and reads all objects for each query.
CREATE SCHEMA IF NOT EXISTS "lake";
CREATE OR REPLACE VIEW "lake"."clicks" AS SELECT * FROM read_parquet(
  's3://my-lake/a/**/*.parquet',
  hive_partitioning = false,
  union_by_name = true
);
