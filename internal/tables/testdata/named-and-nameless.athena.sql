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
PARTITIONED BY (
  `month` string,
  `hour` int
)
STORED AS PARQUET
LOCATION 's3://my-lake/a/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.month.type' = 'date',
  'projection.month.format' = 'yyyy/MM',
  'projection.month.range' = '2026/01,NOW',
  'projection.month.interval' = '1',
  'projection.month.interval.unit' = 'MONTHS',
  'projection.hour.type' = 'integer',
  'projection.hour.range' = '0,23',
  'projection.hour.digits' = '2',
  'storage.location.template' = 's3://my-lake/a/${month}/x/hour=${hour}/',
  'classification' = 'parquet'
);
