-- Objects that end in .ndjson.gz are taken for plain text by Spark: let outputs[].extension end in .zst.
-- Spark compares JSON keys with case, unlike Athena.
-- Spark reads numbers in at as seconds, whatever their size.
-- Spark finds columns by their JSON keys, so select is called the 'select' here.
-- Spark finds columns by their JSON keys, so back is called a\b"c here.
CREATE TABLE `lake`.`clicks` (
  `at` timestamp,
  `the 'select'` int,
  `Group` struct<`Order`:string,`to-do`:array<struct<`user`:int>>,`plain`:map<string,struct<`at`:date>>>,
  `a\b"c` string,
  `Dt` string
)
USING JSON
PARTITIONED BY (`Dt`)
LOCATION '/mnt/o\'hara/it\'s/';
-- and whenever new folders are to be seen:
MSCK REPAIR TABLE `lake`.`clicks`;
