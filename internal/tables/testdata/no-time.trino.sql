-- The table has no partitions, so each query reads all objects: the prefix a/!{firehose:random-string}/ has no time in it.
-- The objects lie in further folders: Trino needs hive.recursive-directories=true.
CREATE TABLE "lake"."clicks" (
  "requestid" varchar,
  "requesttime" timestamp,
  "price" decimal(10,2),
  "order" row("id" integer, "tags" array(varchar(20)), "weights" map(varchar, real)),
  "payload" varbinary,
  "flag" tinyint,
  "born" date,
  "code" char(2),
  "_rest" varchar
)
WITH (
  external_location = 's3://my-lake/a/',
  format = 'PARQUET'
);
