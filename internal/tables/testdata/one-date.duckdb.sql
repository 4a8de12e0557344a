CREATE OR REPLACE VIEW "clicks" AS SELECT * FROM read_parquet(
  's3://my-lake/**/*.parquet',
  hive_partitioning = true,
  hive_types = {'dt': varchar},
  union_by_name = true
);
