CREATE EXTERNAL TABLE `clicks` (
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
  `m` string
)
STORED AS PARQUET
LOCATION 's3://my-lake/a/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.m.type' = 'date',
  'projection.m.format' = 'yyyy-MM',
  'projection.m.range' = '2026-01,NOW',
  'projection.m.interval' = '1',
  'projection.m.interval.unit' = 'MONTHS',
  'storage.location.template' = 's3://my-lake/a/m=${m}/',
  'classification' = 'parquet'
);
