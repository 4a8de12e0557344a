package docs

// Actions are the IAM actions that each API operation of the program needs, by service and operation. S3:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html, DynamoDB, whose
// transactions need those of their items: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html.
// The policies of docs/permissions.md are compared with it, it with the source, and what the end-to-end tests see workers call with it.
var Actions = map[string][]string{
	"s3.CreateMultipartUpload":           {"s3:PutObject"},
	"s3.UploadPart":                      {"s3:PutObject"},
	"s3.CompleteMultipartUpload":         {"s3:PutObject"},
	"s3.AbortMultipartUpload":            {"s3:AbortMultipartUpload"},
	"s3.ListParts":                       {"s3:ListMultipartUploadParts"},
	"s3.HeadObject":                      {"s3:GetObject", "s3:ListBucket"}, // without the second S3 answers 403 for a key that is not there
	"s3.GetObject":                       {"s3:GetObject", "s3:ListBucket"},
	"s3.ListObjectsV2":                   {"s3:ListBucket"}, // verify
	"s3.DeleteObject":                    {"s3:DeleteObject"},
	"s3.HeadBucket":                      {"s3:ListBucket"},
	"s3.ListMultipartUploads":            {"s3:ListBucketMultipartUploads"}, // clean
	"s3.GetBucketLifecycleConfiguration": {"s3:GetLifecycleConfiguration"},  // check --online
	"kinesis.DescribeStreamSummary":      {"kinesis:DescribeStreamSummary"},
	"kinesis.ListShards":                 {"kinesis:ListShards"},
	"kinesis.GetShardIterator":           {"kinesis:GetShardIterator"},
	"kinesis.GetRecords":                 {"kinesis:GetRecords"},
	"dynamodb.CreateTable":               {"dynamodb:CreateTable"},
	"dynamodb.DescribeTable":             {"dynamodb:DescribeTable"},
	"dynamodb.Scan":                      {"dynamodb:Scan"},
	"dynamodb.GetItem":                   {"dynamodb:GetItem"},
	"dynamodb.PutItem":                   {"dynamodb:PutItem"},
	"dynamodb.UpdateItem":                {"dynamodb:UpdateItem"},
	"dynamodb.DeleteItem":                {"dynamodb:DeleteItem"},
	"dynamodb.DeleteTable":               {"dynamodb:DeleteTable"}, // replay --remove-table
	"dynamodb.TransactWriteItems":        {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"},
	"glue.GetTable":                      {"glue:GetTable"},
	"glue.CreateTable":                   {"glue:CreateTable"},
	"glue.BatchCreatePartition":          {"glue:BatchCreatePartition"},
	"lambda.Invoke":                      {"lambda:InvokeFunction"}, // a dry run too
	"stscreds.NewAssumeRoleProvider":     {"sts:AssumeRole"},
	"types.ObjectCannedACL":              {"s3:PutObjectAcl"}, // of CreateMultipartUpload with an ACL
}

// TransactActions are the actions that the items of a TransactWriteItems need, by their kind.
var TransactActions = map[string]string{
	"Put": "dynamodb:PutItem", "Update": "dynamodb:UpdateItem", "Delete": "dynamodb:DeleteItem", "ConditionCheck": "dynamodb:ConditionCheckItem",
}

// KMSActions are what a key must allow besides, where S3 encrypts by it: a multipart upload makes a data key and
// decrypts its parts (https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions); and
// kms:Decrypt alone where the stream is encrypted by it (https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html).
var KMSActions = []string{"kms:Decrypt", "kms:GenerateDataKey"}
