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
  `year` string
)
STORED AS PARQUET
LOCATION 's3://my-lake/a/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.year.type' = 'date',
  'projection.year.format' = 'yyyy',
  'projection.year.range' = '2026,NOW',
  'projection.year.interval' = '1',
  'projection.year.interval.unit' = 'YEARS',
  'storage.location.template' = 's3://my-lake/a/year=${year}/',
  'classification' = 'parquet'
);
