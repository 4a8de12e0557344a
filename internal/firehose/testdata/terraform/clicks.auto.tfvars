lake_bucket_arn = "arn:aws:s3:::click-lake"
