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
COMMENT 'Each query must say which values of customer_id it wants, as in customer_id = \'value\': they are not listed anywhere.'
PARTITIONED BY (
  `customer_id` string,
  `year` string,
  `month` int,
  `day` int,
  `hour` int
)
STORED AS PARQUET
LOCATION 's3://my-lake/a/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.customer_id.type' = 'injected',
  'projection.year.type' = 'date',
  'projection.year.format' = 'yyyy',
  'projection.year.range' = '2026,NOW',
  'projection.year.interval' = '1',
  'projection.year.interval.unit' = 'YEARS',
  'projection.month.type' = 'integer',
  'projection.month.range' = '1,12',
  'projection.month.digits' = '2',
  'projection.day.type' = 'integer',
  'projection.day.range' = '1,31',
  'projection.day.digits' = '2',
  'projection.hour.type' = 'integer',
  'projection.hour.range' = '0,23',
  'projection.hour.digits' = '2',
  'storage.location.template' = 's3://my-lake/a/customer_id=${customer_id}/clicks/year=${year}/month=${month}/day=${day}/hour=${hour}/',
  'classification' = 'parquet'
);
