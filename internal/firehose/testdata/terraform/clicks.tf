variable "environment" {
  type    = string
  default = "dev"
}

variable "lake_bucket_arn" {
  type = string
}

locals {
  name   = "clicks-${var.environment}"
  prefix = format("%s/", local.name)
  partitions = join("/", [for part in ["year=yyyy", "month=MM", "day=dd", "hour=HH"] :
    "${split("=", part)[0]}=!{timestamp:${split("=", part)[1]}}"
  ])
}

provider "aws" {
  region = "eu-west-1"
}

resource "aws_kinesis_stream" "clicks" {
  name             = local.name
  retention_period = 48
  stream_mode_details {
    stream_mode = "ON_DEMAND"
  }
}

resource "aws_kinesis_firehose_delivery_stream" "clicks" {
  name        = "${local.name}-to-s3"
  destination = "extended_s3"

  kinesis_source_configuration {
    kinesis_stream_arn = aws_kinesis_stream.clicks.arn
    role_arn           = aws_iam_role.firehose.arn
  }

  extended_s3_configuration {
    role_arn            = aws_iam_role.firehose.arn
    bucket_arn          = var.lake_bucket_arn
    prefix              = "${local.prefix}${local.partitions}/"
    error_output_prefix = "errors/!{firehose:error-output-type}/!{timestamp:yyyy}/"
    buffering_size      = 5
    buffering_interval  = var.environment == "prod" ? 300 : 60
    compression_format  = upper("gzip")

    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.firehose.name
      log_stream_name = "S3Delivery"
    }
  }

  tags = {
    team = "web"
  }

  lifecycle {
    prevent_destroy = true
  }
}
