variable "retries" {
  default = 3
}

variable "processors" {
  default = [
    {
      type = "CloudWatchLogProcessing"
      parameters = [{ name = "DataMessageExtraction", value = "true" }]
    },
    {
      type       = "Decompression"
      parameters = [{ name = "CompressionFormat", value = "GZIP" }]
    },
  ]
}

data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

resource "aws_kinesis_stream" "logs" {
  count = 1
  name  = "access-logs"
}

resource "aws_s3_bucket" "lake" {
  bucket = "metering-${data.aws_caller_identity.current.account_id}"
}

resource "aws_glue_catalog_table" "calls" {
  name          = "calls"
  database_name = aws_glue_catalog_database.metering.name
}

resource "aws_glue_catalog_database" "metering" {
  name = "metering"
}

resource "aws_kinesis_firehose_delivery_stream" "access_logs" {
  name        = "access-logs"
  destination = "extended_s3"

  kinesis_source_configuration {
    kinesis_stream_arn = aws_kinesis_stream.logs[0].arn
    role_arn           = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:role/firehose"
  }

  extended_s3_configuration {
    role_arn            = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:role/firehose"
    bucket_arn          = aws_s3_bucket.lake.arn
    buffer_size         = 128
    buffer_interval     = 300
    prefix              = "json-data/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"
    error_output_prefix = "error/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/!{firehose:error-output-type}"

    processing_configuration {
      enabled = true

      dynamic "processors" {
        for_each = var.processors
        iterator = processor
        content {
          type = processor.value.type
          dynamic "parameters" {
            for_each = processor.value.parameters
            content {
              parameter_name  = parameters.value.name
              parameter_value = parameters.value["value"]
            }
          }
        }
      }
    }

    data_format_conversion_configuration {
      input_format_configuration {
        deserializer {
          open_x_json_ser_de {}
        }
      }
      output_format_configuration {
        serializer {
          parquet_ser_de {
            compression = "SNAPPY"
          }
        }
      }
      schema_configuration {
        database_name = aws_glue_catalog_table.calls.database_name
        table_name    = aws_glue_catalog_table.calls.name
        role_arn      = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:role/firehose"
        region        = data.aws_region.current.name
      }
    }

    s3_backup_mode = "Disabled"
  }
}
