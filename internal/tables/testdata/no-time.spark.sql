-- The table has no partitions, so each query reads all objects: the prefix a/!{firehose:random-string}/ has no time in it.
CREATE TABLE `lake`.`clicks` (
  `requestid` string,
  `requesttime` timestamp,
  `price` decimal(10,2),
  `order` struct<id:int,tags:array<varchar(20)>,weights:map<string,float>>,
  `payload` binary,
  `flag` tinyint,
  `born` date,
  `code` char(2),
  `_rest` string
)
USING PARQUET
OPTIONS (recursiveFileLookup 'true')
LOCATION 's3a://my-lake/a/';
