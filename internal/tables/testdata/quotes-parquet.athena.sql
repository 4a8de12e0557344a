CREATE EXTERNAL TABLE `lake`.`clicks` (
  `at` timestamp,
  `select` int,
  `group` struct<`order`:string,`to-do`:array<struct<`user`:int>>,plain:map<string,struct<at:date>>>,
  `back` string
)
PARTITIONED BY (
  `dt` string
)
STORED AS PARQUET
LOCATION '/mnt/o\'hara/it\'s/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd\'T\'HH',
  'projection.dt.range' = '2026-01-01T00,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'HOURS',
  'storage.location.template' = '/mnt/o\'hara/it\'s/Dt=${dt}/',
  'classification' = 'parquet'
);
