CREATE SCHEMA IF NOT EXISTS "lake";
CREATE OR REPLACE VIEW "lake"."clicks" AS SELECT * FROM read_parquet(
  's3://my-lake/**/*.parquet',
  hive_partitioning = false,
  union_by_name = true
);
