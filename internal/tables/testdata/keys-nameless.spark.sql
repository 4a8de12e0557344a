-- The folders have no names, so Spark takes them for no partitions and reads all objects for each query.
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
