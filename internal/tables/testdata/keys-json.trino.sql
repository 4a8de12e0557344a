-- Trino can not be told that order comes from the JSON key order-v2: it is null, unless Athena makes the table.
-- Each query must say which values of customer_id it wants, as in customer_id = 'value': they are not listed anywhere.
-- In these values / = : % and the like are written as the folders have them, such as a%2Fb.
CREATE TABLE "lake"."clicks" (
  "requestid" varchar,
  "requesttime" timestamp,
  "price" decimal(10,2),
  "order" row("id" integer, "tags" array(varchar(20)), "weights" map(varchar, real)),
  "payload" varbinary,
  "flag" tinyint,
  "born" date,
  "code" char(2),
  "customer_id" varchar WITH (partition_projection_type = 'INJECTED'),
  "dt" varchar WITH (partition_projection_type = 'DATE', partition_projection_format = 'yyyy-MM-dd', partition_projection_range = ARRAY['2026-01-01', 'NOW'], partition_projection_interval = 1, partition_projection_interval_unit = 'DAYS')
)
WITH (
  external_location = 's3://my-lake/a/',
  format = 'OPENX_JSON',
  partitioned_by = ARRAY['customer_id', 'dt'],
  partition_projection_enabled = true,
  partition_projection_location_template = 's3://my-lake/a/customer_id=${customer_id}/dt=${dt}/'
);
