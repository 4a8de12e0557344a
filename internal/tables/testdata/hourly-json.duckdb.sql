CREATE SCHEMA IF NOT EXISTS "lake";
CREATE OR REPLACE VIEW "lake"."clicks" AS SELECT * RENAME ("order-v2" AS "order") FROM read_json(
  's3://my-lake/clicks/**/*.ndjson.gz',
  format = 'newline_delimited',
  columns = {
    'requestId': 'varchar',
    'requestTime': 'timestamptz',
    'price': 'decimal(10,2)',
    'order-v2': 'struct("Id" integer, "tags" varchar[], "weights" map(varchar, real))',
    'payload': 'blob',
    'flag': 'tinyint',
    'born': 'date',
    'code': 'varchar'
  },
  hive_partitioning = true,
  hive_types = {'year': integer, 'month': integer, 'day': integer, 'hour': integer}
);
