-- Objects that end in .ndjson.gz are taken for plain text by Trino: let outputs[].extension end in .zst.
-- Trino can not be told that select comes from the JSON key the 'select': it is null, unless Athena makes the table.
-- Trino can not be told that back comes from the JSON key a\b"c: it is null, unless Athena makes the table.
CREATE TABLE "lake"."clicks" (
  "at" timestamp,
  "select" integer,
  "group" row("order" varchar, "to-do" array(row("user" integer)), "plain" map(varchar, row("at" date))),
  "back" varchar,
  "dt" varchar WITH (partition_projection_type = 'DATE', partition_projection_format = 'yyyy-MM-dd''T''HH', partition_projection_range = ARRAY['2026-01-01T00', 'NOW'], partition_projection_interval = 1, partition_projection_interval_unit = 'HOURS')
)
WITH (
  external_location = '/mnt/o''hara/it''s/',
  format = 'OPENX_JSON',
  partitioned_by = ARRAY['dt'],
  partition_projection_enabled = true,
  partition_projection_location_template = '/mnt/o''hara/it''s/Dt=${dt}/'
);
