-- Spark compares JSON keys with case, unlike Athena.
-- Spark reads numbers in requesttime as seconds, whatever their size.
-- Spark finds columns by their JSON keys, so order is called order-v2 here.
CREATE TABLE `lake`.`clicks` (
  `requestId` string,
  `requestTime` timestamp,
  `price` decimal(10,2),
  `order-v2` struct<`Id`:int,`tags`:array<varchar(20)>,`weights`:map<string,float>>,
  `payload` binary,
  `flag` tinyint,
  `born` date,
  `code` char(2),
  `customer_id` string,
  `dt` string
)
USING JSON
PARTITIONED BY (`customer_id`, `dt`)
LOCATION 's3a://my-lake/a/';
-- and whenever new folders are to be seen:
MSCK REPAIR TABLE `lake`.`clicks`;
