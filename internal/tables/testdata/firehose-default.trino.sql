CREATE TABLE "lake"."clicks" (
  "requestid" varchar,
  "requesttime" timestamp,
  "price" decimal(10,2),
  "order" row("id" integer, "tags" array(varchar(20)), "weights" map(varchar, real)),
  "payload" varbinary,
  "flag" tinyint,
  "born" date,
  "code" char(2),
  "_rest" varchar,
  "datehour" varchar WITH (partition_projection_type = 'DATE', partition_projection_format = 'yyyy/MM/dd/HH', partition_projection_range = ARRAY['2026/01/01/00', 'NOW'], partition_projection_interval = 1, partition_projection_interval_unit = 'HOURS')
)
WITH (
  external_location = 's3://my-lake/raw/',
  format = 'PARQUET',
  partitioned_by = ARRAY['datehour'],
  partition_projection_enabled = true,
  partition_projection_location_template = 's3://my-lake/raw/${datehour}/'
);
