package realservers

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func TestKilledServersComeBackWithWhatTheyHeld(t *testing.T) {
	t.Run("S3", func(t *testing.T) {
		server := OwnS3(t)
		client := func() *s3.Client {
			return s3.NewFromConfig(server.Config(), func(o *s3.Options) { o.UsePathStyle = true })
		}
		bucket, key := aws.String("lake"), aws.String("a/b")
		if _, err := client().CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket}); err != nil {
			t.Fatal(err)
		}
		if _, err := client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("text"), Metadata: map[string]string{"m": "1"}}); err != nil {
			t.Fatal(err)
		}
		server.Kill()
		server.Start(t)
		out, err := client().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: key})
		if err != nil || aws.ToInt64(out.ContentLength) != 4 || out.Metadata["m"] != "1" {
			t.Errorf("got %+v, %v", out, err)
		}
	})
	t.Run("DynamoDB", func(t *testing.T) {
		server := OwnDynamoDB(t)
		client := func() *dynamodb.Client { return dynamodb.NewFromConfig(server.Config()) }
		table, key := aws.String("rows"), map[string]types.AttributeValue{"k": &types.AttributeValueMemberS{Value: "one"}}
		if _, err := client().CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: table, BillingMode: types.BillingModePayPerRequest,
			KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("k"), KeyType: types.KeyTypeHash}},
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("k"), AttributeType: types.ScalarAttributeTypeS}}}); err != nil {
			t.Fatal(err)
		}
		if _, err := client().PutItem(t.Context(), &dynamodb.PutItemInput{TableName: table, Item: key}); err != nil {
			t.Fatal(err)
		}
		server.Kill()
		server.Start(t)
		out, err := client().GetItem(t.Context(), &dynamodb.GetItemInput{TableName: table, Key: key, ConsistentRead: aws.Bool(true)})
		if err != nil || len(out.Item) != 1 {
			t.Errorf("got %+v, %v", out, err)
		}
	})
}
