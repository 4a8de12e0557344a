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
COMMENT 'Each query must say which values of customer it wants, as in customer = \'value\': they are not listed anywhere.'
PARTITIONED BY (
  `customer` string,
  `day` string
)
STORED AS PARQUET
LOCATION 's3://my-lake/a/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.customer.type' = 'injected',
  'projection.day.type' = 'date',
  'projection.day.format' = 'yyyy/MM/dd',
  'projection.day.range' = '2026/01/01,NOW',
  'projection.day.interval' = '1',
  'projection.day.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://my-lake/a/${customer}/${day}/',
  'classification' = 'parquet'
);
