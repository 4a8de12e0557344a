-- DuckDB looks into the objects when it makes the view: one must be there.
-- It takes the credentials of this machine after: CREATE SECRET (TYPE s3, PROVIDER credential_chain);
CREATE SCHEMA IF NOT EXISTS "lake";
CREATE OR REPLACE VIEW "lake"."clicks" AS SELECT * FROM read_parquet(
  's3://my-lake/a/**/*.parquet',
  hive_partitioning = true,
  hive_types = {'customer_id': varchar, 'year': integer, 'month': integer, 'day': integer, 'hour': integer},
  union_by_name = true
);
