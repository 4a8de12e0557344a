CREATE SCHEMA IF NOT EXISTS "lake";
CREATE OR REPLACE VIEW "lake"."clicks" AS SELECT * FROM read_parquet(
  's3://my-lake/a/**/*.parquet',
  hive_partitioning = true,
  hive_types = {'year': integer},
  union_by_name = true
);
