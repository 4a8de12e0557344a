CREATE EXTERNAL TABLE `lake`.`clicks` (
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
COMMENT 'The table has no partitions, so each query reads all objects: the prefix a/!{firehose:random-string}/ has no time in it.'
STORED AS PARQUET
LOCATION 's3://my-lake/a/'
TBLPROPERTIES (
  'classification' = 'parquet'
);
