CREATE EXTERNAL TABLE `lake`.`clicks` (
  `requestid` string,
  `requesttime` timestamp,
  `price` decimal(10,2),
  `order` struct<id:int,tags:array<varchar(20)>,weights:map<string,float>>,
  `payload` binary,
  `flag` tinyint,
  `born` date,
  `code` char(2)
)
COMMENT 'The table has no partitions, so each query reads all objects: the prefix a/!{firehose:random-string}/year=!{timestamp:yyyy}/ has a time behind or beside a random string, so the folder of a time can not be computed (put !{firehose:random-string} last).'
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES (
  'case.insensitive' = 'TRUE',
  'dots.in.keys' = 'TRUE',
  'mapping.order' = 'order-v2'
)
STORED AS INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://my-lake/a/'
TBLPROPERTIES (
  'classification' = 'json'
);
