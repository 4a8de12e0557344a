-- Each query must say which values of customer it wants, as in customer = 'value': they are not listed anywhere.
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
  "customer" varchar WITH (partition_projection_type = 'INJECTED'),
  "day" varchar WITH (partition_projection_type = 'DATE', partition_projection_format = 'yyyy/MM/dd', partition_projection_range = ARRAY['2026/01/01', 'NOW'], partition_projection_interval = 1, partition_projection_interval_unit = 'DAYS')
)
WITH (
  external_location = 's3://my-lake/a/',
  format = 'PARQUET',
  partitioned_by = ARRAY['customer', 'day'],
  partition_projection_enabled = true,
  partition_projection_location_template = 's3://my-lake/a/${customer}/${day}/'
);
