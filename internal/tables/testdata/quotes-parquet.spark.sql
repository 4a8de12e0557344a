CREATE TABLE `lake`.`clicks` (
  `at` timestamp,
  `select` int,
  `group` struct<`order`:string,`to-do`:array<struct<`user`:int>>,plain:map<string,struct<at:date>>>,
  `back` string,
  `Dt` string
)
USING PARQUET
PARTITIONED BY (`Dt`)
LOCATION '/mnt/o\'hara/it\'s/';
-- and whenever new folders are to be seen:
MSCK REPAIR TABLE `lake`.`clicks`;
