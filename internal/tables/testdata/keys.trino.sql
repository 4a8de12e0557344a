-- Each query must say which values of customer_id it wants, as in customer_id = 'value': they are not listed anywhere.
-- Filter by the partition columns: without a filter, all folders up to 2099 are asked for.
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
  "customer_id" varchar WITH (partition_projection_type = 'INJECTED'),
  "year" integer WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY['2026', '2099']),
  "month" integer WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY['1', '12'], partition_projection_digits = 2),
  "day" integer WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY['1', '31'], partition_projection_digits = 2),
  "hour" integer WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY['0', '23'], partition_projection_digits = 2)
)
WITH (
  external_location = 's3://my-lake/a/',
  format = 'PARQUET',
  partitioned_by = ARRAY['customer_id', 'year', 'month', 'day', 'hour'],
  partition_projection_enabled = true,
  partition_projection_location_template = 's3://my-lake/a/customer_id=${customer_id}/clicks/year=${year}/month=${month}/day=${day}/hour=${hour}/'
);
