-- DuckDB looks into the objects when it makes the view: one must be there.
-- It takes the credentials of this machine after: CREATE SECRET (TYPE s3, PROVIDER credential_chain);
-- DuckDB compares JSON keys with case, unlike Athena.
CREATE SCHEMA IF NOT EXISTS "lake";
CREATE OR REPLACE VIEW "lake"."clicks" AS SELECT * REPLACE (
    CASE WHEN TRY_CAST("requestTime" AS decimal(38,6)) IS NULL THEN CAST("requestTime" AS timestamptz)
      ELSE make_timestamptz(CAST(TRY_CAST("requestTime" AS decimal(38,6)) * CASE WHEN abs(TRY_CAST("requestTime" AS decimal(38,6))) < 1e12 THEN 1000000 ELSE 1000 END AS bigint)) END AS "requestTime"
  ) RENAME ("order-v2" AS "order") FROM read_json(
  's3://my-lake/a/**/*.ndjson.gz',
  format = 'newline_delimited',
  columns = {
    'requestId': 'varchar',
    'requestTime': 'varchar',
    'price': 'decimal(10,2)',
    'order-v2': 'struct("Id" integer, "tags" varchar[], "weights" map(varchar, real))',
    'payload': 'blob',
    'flag': 'tinyint',
    'born': 'date',
    'code': 'varchar'
  },
  hive_partitioning = true,
  hive_types = {'customer_id': varchar, 'dt': varchar}
);
