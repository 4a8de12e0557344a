#!/usr/bin/env bash
# Makes, in LocalStack, the stream and the bucket of docker-compose.yml and the route that leads clicks to the stream:
# POST /clicks of an API Gateway puts the request's body, byte for byte, into Kinesis. LocalStack runs this when it is
# ready to serve. Nothing in it is LocalStack's own but the tag _custom_id_.
set -euo pipefail

region=us-east-1
stream=clicks
bucket=lake
api=clicks # LocalStack takes the tag _custom_id_ for the API's id, so that its URL is known beforehand
stage=dev
export AWS_DEFAULT_REGION=$region

awslocal kinesis create-stream --stream-name "$stream" --shard-count 2
awslocal kinesis wait stream-exists --stream-name "$stream"
awslocal s3api create-bucket --bucket "$bucket"

# The role by which API Gateway may put records into this stream, and nothing else.
role=$(awslocal iam create-role --role-name clicks-to-kinesis --query Role.Arn --output text --assume-role-policy-document '{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}')
awslocal iam put-role-policy --role-name clicks-to-kinesis --policy-name put-record --policy-document '{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": "arn:aws:kinesis:*:*:stream/'"$stream"'"}]
}'

api=$(awslocal apigateway create-rest-api --name clicks --tags "_custom_id_=$api" --query id --output text)
root=$(awslocal apigateway get-resources --rest-api-id "$api" --query 'items[0].id' --output text)
resource=$(awslocal apigateway create-resource --rest-api-id "$api" --parent-id "$root" --path-part clicks --query id --output text)
awslocal apigateway put-method --rest-api-id "$api" --resource-id "$resource" --http-method POST --authorization-type NONE

# The body as it is, in base64 since a record's data is bytes; the request's id spreads clicks over the shards. The same
# template for every content type that a browser or curl sends of its own accord.
template='{\"StreamName\": \"'$stream'\", \"Data\": \"$util.base64Encode($input.body)\", \"PartitionKey\": \"$context.requestId\"}'
awslocal apigateway put-integration --rest-api-id "$api" --resource-id "$resource" --http-method POST \
	--type AWS --integration-http-method POST --credentials "$role" \
	--uri "arn:aws:apigateway:$region:kinesis:action/PutRecord" --passthrough-behavior NEVER \
	--request-parameters '{"integration.request.header.Content-Type": "'"'application/x-amz-json-1.1'"'"}' \
	--request-templates '{"application/json": "'"$template"'", "text/plain": "'"$template"'", "application/x-www-form-urlencoded": "'"$template"'"}'

# 200 when Kinesis has the record. Anything else is the caller's to repeat, so it must not look like a success.
awslocal apigateway put-method-response --rest-api-id "$api" --resource-id "$resource" --http-method POST --status-code 200
awslocal apigateway put-method-response --rest-api-id "$api" --resource-id "$resource" --http-method POST --status-code 502
awslocal apigateway put-integration-response --rest-api-id "$api" --resource-id "$resource" --http-method POST --status-code 200
awslocal apigateway put-integration-response --rest-api-id "$api" --resource-id "$resource" --http-method POST --status-code 502 \
	--selection-pattern '[45]\d{2}'
awslocal apigateway create-deployment --rest-api-id "$api" --stage-name "$stage"

echo "Send a click: curl -X POST -H 'Content-Type: application/json' -d '{\"page\": \"/items/323\"}' http://localhost:4566/_aws/execute-api/$api/$stage/clicks"
