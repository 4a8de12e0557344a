CREATE EXTERNAL TABLE `lake`.`clicks` (
  `at` timestamp,
  `select` int,
  `group` struct<`order`:string,`to-do`:array<struct<`user`:int>>,plain:map<string,struct<at:date>>>,
  `back` string
)
COMMENT 'Objects that end in .ndjson.gz are taken for plain text by Athena: let outputs[].extension end in .zst.'
PARTITIONED BY (
  `dt` string
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES (
  'case.insensitive' = 'TRUE',
  'mapping.select' = 'the \'select\'',
  'mapping.back' = 'a\\b"c'
)
STORED AS INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION '/mnt/o\'hara/it\'s/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd\'T\'HH',
  'projection.dt.range' = '2026-01-01T00,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'HOURS',
  'storage.location.template' = '/mnt/o\'hara/it\'s/Dt=${dt}/',
  'classification' = 'json'
);
