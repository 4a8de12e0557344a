-- The table has no partitions, so each query reads all objects: the prefix a/!{firehose:random-string}/year=!{timestamp:yyyy}/ has a time behind or beside a random string, so the folder of a time can not be computed (put !{firehose:random-string} last).
-- Spark compares JSON keys with case, unlike Athena.
-- Spark reads numbers in requesttime as seconds, whatever their size.
-- Spark finds columns by their JSON keys, so order is called order-v2 here.
CREATE TABLE `lake`.`clicks` (
  `requestId` string,
  `requestTime` timestamp,
  `price` decimal(10,2),
  `order-v2` struct<`Id`:int,`tags`:array<varchar(20)>,`weights`:map<string,float>>,
  `payload` binary,
  `flag` tinyint,
  `born` date,
  `code` char(2)
)
USING JSON
OPTIONS (recursiveFileLookup 'true')
LOCATION 's3a://my-lake/a/';
