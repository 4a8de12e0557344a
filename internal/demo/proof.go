package demo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"standpipe/consumer"
	"standpipe/internal/s3read"
	"standpipe/internal/verify"
)

// verify proves from journals, lease table and bucket what the workers left, without knowing what was put.
func (s *servers) verify(ctx context.Context, data string) (*verify.Report, error) {
	login := awscredentials.NewStaticCredentialsProvider("demo", "demo", "")
	store := s3.New(s3.Options{BaseEndpoint: &s.S3URL, Region: region, Credentials: login, UsePathStyle: true})
	table := consumer.NewTable(dynamodb.New(dynamodb.Options{BaseEndpoint: aws.String(s.DynamoURL), Region: region, Credentials: login}), application)
	return verify.Run(ctx, verify.Options{
		Application: application, Journal: verify.Place{Bucket: bucket, Head: journalFolder + application + "/"},
		Places: []verify.Place{{Bucket: bucket, Head: data}, {Bucket: bucket, Head: errorsFolder}},
		Deep:   true, Strict: true, Table: table, Store: s3read.S3{Client: func(string) *s3.Client { return store }},
	})
}
