-- Trino can not compute these partitions: CALL system.sync_partition_metadata after each new one.
CREATE TABLE "clicks" (
  "requestid" varchar,
  "requesttime" timestamp,
  "price" decimal(10,2),
  "order" row("id" integer, "tags" array(varchar(20)), "weights" map(varchar, real)),
  "payload" varbinary,
  "flag" tinyint,
  "born" date,
  "code" char(2),
  "_rest" varchar,
  "m" varchar
)
WITH (
  external_location = 's3://my-lake/a/',
  format = 'PARQUET',
  partitioned_by = ARRAY['m']
);
