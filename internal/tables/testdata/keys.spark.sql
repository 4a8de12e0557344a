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
  `customer_id` string,
  `year` int,
  `month` int,
  `day` int,
  `hour` int
)
USING PARQUET
PARTITIONED BY (`customer_id`, `year`, `month`, `day`, `hour`)
LOCATION 's3a://my-lake/a/';
-- and whenever new folders are to be seen:
MSCK REPAIR TABLE `lake`.`clicks`;
