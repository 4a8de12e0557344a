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
  `datehour` string
)
STORED AS PARQUET
LOCATION 's3://my-lake/raw/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.datehour.type' = 'date',
  'projection.datehour.format' = 'yyyy/MM/dd/HH',
  'projection.datehour.range' = '2026/01/01/00,NOW',
  'projection.datehour.interval' = '1',
  'projection.datehour.interval.unit' = 'HOURS',
  'storage.location.template' = 's3://my-lake/raw/${datehour}/',
  'classification' = 'parquet'
);
