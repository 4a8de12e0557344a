-- DuckDB looks into the objects when it makes the view: one must be there.
-- It takes the credentials of this machine after: CREATE SECRET (TYPE s3, PROVIDER credential_chain);
CREATE OR REPLACE VIEW "clicks" AS SELECT * FROM read_parquet(
  's3://my-lake/**/*.parquet',
  hive_partitioning = true,
  hive_types = {'dt': varchar},
  union_by_name = true
);
