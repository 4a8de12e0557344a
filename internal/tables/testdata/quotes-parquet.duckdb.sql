-- DuckDB looks into the objects when it makes the view: one must be there.
CREATE SCHEMA IF NOT EXISTS "lake";
CREATE OR REPLACE VIEW "lake"."clicks" AS SELECT * FROM read_parquet(
  '/mnt/o''hara/it''s/**/*.parquet',
  hive_partitioning = true,
  hive_types = {'Dt': varchar},
  union_by_name = true
);
