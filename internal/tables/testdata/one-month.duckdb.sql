CREATE OR REPLACE VIEW "clicks" AS SELECT * FROM read_parquet(
  's3://my-lake/a/**/*.parquet',
  hive_partitioning = true,
  hive_types = {'m': varchar},
  union_by_name = true
);
