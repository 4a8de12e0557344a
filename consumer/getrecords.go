package consumer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxBody bounds what is read of an answer: twice what Kinesis may send.
const maxBody = 32 << 20

// getRecords calls GetRecords and decodes a good answer itself, since the SDK's decoding takes most of all
// CPU. Errors are the SDK's.
func getRecords(ctx context.Context, client *kinesis.Client, iterator string) (*response, error) {
	var got response
	decode := middleware.DeserializeMiddlewareFunc("standpipe.getRecords", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, md, err := next.HandleDeserialize(ctx, in)
		if err != nil {
			return out, md, err
		}
		resp, ok := out.RawResponse.(*smithyhttp.Response)
		if !ok || resp.StatusCode != http.StatusOK {
			return out, md, nil
		}
		body, err := readBody(resp)
		if err == nil {
			err = decodeResponse(body, &got)
		}
		// The SDK decodes what is left: an answer without members.
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader([]byte("{}"))), 2
		return out, md, err
	})
	limit := int32(10000)
	_, err := client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: &iterator, Limit: &limit}, func(o *kinesis.Options) {
		o.APIOptions = append(o.APIOptions[:len(o.APIOptions):len(o.APIOptions)], func(s *middleware.Stack) error {
			return s.Deserialize.Add(decode, middleware.After)
		})
	})
	if err != nil {
		return nil, err
	}
	return &got, nil
}

func readBody(resp *smithyhttp.Response) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }()
	if n := resp.ContentLength; n >= 0 && n <= maxBody {
		body := make([]byte, n)
		_, err := io.ReadFull(resp.Body, body)
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("answer is larger than %d bytes", maxBody)
	}
	return body, err
}
