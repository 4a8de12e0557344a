CREATE TABLE "lake"."clicks" (
  "at" timestamp,
  "select" integer,
  "group" row("order" varchar, "to-do" array(row("user" integer)), "plain" map(varchar, row("at" date))),
  "back" varchar,
  "dt" varchar WITH (partition_projection_type = 'DATE', partition_projection_format = 'yyyy-MM-dd''T''HH', partition_projection_range = ARRAY['2026-01-01T00', 'NOW'], partition_projection_interval = 1, partition_projection_interval_unit = 'HOURS')
)
WITH (
  external_location = '/mnt/o''hara/it''s/',
  format = 'PARQUET',
  partitioned_by = ARRAY['dt'],
  partition_projection_enabled = true,
  partition_projection_location_template = '/mnt/o''hara/it''s/Dt=${dt}/'
);
