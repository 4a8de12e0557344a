-- DuckDB looks into the objects when it makes the view: one must be there.
-- DuckDB compares JSON keys with case, unlike Athena.
CREATE SCHEMA IF NOT EXISTS "lake";
CREATE OR REPLACE VIEW "lake"."clicks" AS SELECT * REPLACE (
    CASE WHEN TRY_CAST("at" AS decimal(38,6)) IS NULL THEN CAST("at" AS timestamptz)
      ELSE make_timestamptz(CAST(TRY_CAST("at" AS decimal(38,6)) * CASE WHEN abs(TRY_CAST("at" AS decimal(38,6))) < 1e12 THEN 1000000 ELSE 1000 END AS bigint)) END AS "at"
  ) RENAME ("the 'select'" AS "select", "a\b""c" AS "back") FROM read_json(
  '/mnt/o''hara/it''s/**/*.ndjson.gz',
  format = 'newline_delimited',
  columns = {
    'at': 'varchar',
    'the ''select''': 'integer',
    'Group': 'struct("Order" varchar, "to-do" struct("user" integer)[], "plain" map(varchar, struct("at" date)))',
    'a\b"c': 'varchar'
  },
  compression = 'zstd',
  hive_partitioning = true,
  hive_types = {'Dt': varchar}
);
