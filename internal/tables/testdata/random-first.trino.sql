-- The table has no partitions, so each query reads all objects: the prefix a/!{firehose:random-string}/year=!{timestamp:yyyy}/ has a time behind or beside a random string, so the folder of a time can not be computed (put !{firehose:random-string} last).
-- Trino can not be told that order comes from the JSON key order-v2: it is null, unless Athena makes the table.
-- The objects lie in further folders: Trino needs hive.recursive-directories=true.
CREATE TABLE "lake"."clicks" (
  "requestid" varchar,
  "requesttime" timestamp,
  "price" decimal(10,2),
  "order" row("id" integer, "tags" array(varchar(20)), "weights" map(varchar, real)),
  "payload" varbinary,
  "flag" tinyint,
  "born" date,
  "code" char(2)
)
WITH (
  external_location = 's3://my-lake/a/',
  format = 'OPENX_JSON'
);
