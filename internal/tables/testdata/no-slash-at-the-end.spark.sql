CREATE TABLE `lake`.`clicks` (
  `requestid` string,
  `requesttime` timestamp,
  `price` decimal(10,2),
  `order` struct<id:int,tags:array<varchar(20)>,weights:map<string,float>>,
  `payload` binary,
  `flag` tinyint,
  `born` date,
  `code` char(2),
  `_rest` string,
  `year` int,
  `month` int
)
USING PARQUET
PARTITIONED BY (`year`, `month`)
LOCATION 's3a://my-lake/a/';
-- and whenever new folders are to be seen:
MSCK REPAIR TABLE `lake`.`clicks`;
