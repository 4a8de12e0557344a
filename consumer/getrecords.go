package consumer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const jsonContentType = "application/x-amz-json-1.1"

// What is read of an answer is bounded, whatever the server sends.
const (
	maxBody      = 32 << 20 // bytes: twice what Kinesis may send
	askedRecords = 10_000   // the most that GetRecords takes for Limit
	mostRecords  = 10 * askedRecords
)

// recordsAPI is GetRecords without the SDK's layers, which cost more than all the rest of an idle daemon,
// and without its decoding, which costs more than all the rest of a busy one. Client, endpoint, credentials
// and signer are the SDK's. Whatever is not a plain success or one of the two refusals of daily life is
// asked again through the SDK, whose errors, clock correction and so on then apply. Safe for concurrent use.
//
// It speaks CBOR, and JSON for good when several answers in a row show that this is not understood, as by an emulator. Where
// CBOR was understood once, refusals show nothing: in an outage many shards are refused in a row.
type recordsAPI struct {
	client *kinesis.Client
	signer *v4.Signer

	misunderstood atomic.Int32 // answers in a row from which it seems that CBOR is not understood
	told          atomic.Bool  // that CBOR is given up
	spoken        atomic.Bool  // an answer in CBOR has been understood

	once sync.Once
	url  string
	err  error
}

func newRecordsAPI(client *kinesis.Client) *recordsAPI {
	return &recordsAPI{client: client, signer: v4.NewSigner()}
}

type getRecordsRequest struct {
	Limit         int
	ShardIterator string
	StreamARN     string `json:",omitempty"`
}

// get calls GetRecords
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html).
func (a *recordsAPI) get(ctx context.Context, arn, iterator string) (*response, error) {
	resp, err := a.send(ctx, arn, iterator)
	if err != nil {
		return nil, err
	}
	got := newResponse()
	if got.body, err = readBody(resp, got.body); err != nil {
		return nil, err
	}
	cbor := resp.Header.Get("Content-Type") == cborContentType
	switch {
	case resp.StatusCode != http.StatusOK:
		return a.refused(ctx, arn, iterator, refusalOf(got.body, cbor))
	case cbor:
		err = decodeCBOR(got.body, got)
		a.understood(err == nil)
	default:
		if err = decodeJSON(got.body, got); err != nil {
			a.doubt()
		}
	}
	if err != nil {
		return nil, err
	}
	return got, nil
}

// speaksJSON says that CBOR is given up.
func (a *recordsAPI) speaksJSON() bool { return a.misunderstood.Load() >= 3 }

// understood takes note of an answer to CBOR.
func (a *recordsAPI) understood(yes bool) {
	switch {
	case a.speaksJSON():
	case yes:
		a.spoken.Store(true)
		a.misunderstood.Store(0)
	default:
		a.misunderstood.Add(1)
	}
}

// doubt takes note of what may come of CBOR, unless CBOR has been understood before: then it has another cause.
func (a *recordsAPI) doubt() {
	if !a.spoken.Load() {
		a.understood(false)
	}
}

func (a *recordsAPI) send(ctx context.Context, arn, iterator string) (*http.Response, error) {
	opts := a.client.Options()
	a.once.Do(func() { a.url, a.err = endpoint(ctx, opts) })
	if a.err != nil {
		return nil, a.err
	}
	creds, err := opts.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("find credentials: %w", err)
	}
	in := getRecordsRequest{askedRecords, iterator, arn}
	body, contentType := []byte(nil), cborContentType
	if a.speaksJSON() {
		body, _ = json.Marshal(in) // strings and numbers always encode
		contentType = jsonContentType
	} else {
		body = in.encodeCBOR()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header["Content-Type"] = []string{contentType}
	req.Header["X-Amz-Target"] = []string{"Kinesis_20131202.GetRecords"}
	req.Header["User-Agent"] = []string{"standpipe"}
	sum := sha256.Sum256(body)
	if err := a.signer.SignHTTP(ctx, creds, req, hex.EncodeToString(sum[:]), "kinesis", opts.Region, time.Now()); err != nil {
		return nil, fmt.Errorf("sign the request: %w", err)
	}
	return opts.HTTPClient.Do(req)
}

func endpoint(ctx context.Context, opts kinesis.Options) (string, error) {
	if opts.BaseEndpoint != nil {
		return strings.TrimSuffix(*opts.BaseEndpoint, "/") + "/", nil
	}
	e, err := opts.EndpointResolverV2.ResolveEndpoint(ctx, kinesis.EndpointParameters{
		Region:       &opts.Region,
		UseFIPS:      aws.Bool(opts.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		UseDualStack: aws.Bool(opts.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
	})
	if err != nil {
		return "", fmt.Errorf("find the Kinesis endpoint of region %s: %w", opts.Region, err)
	}
	return strings.TrimSuffix(e.URI.String(), "/") + "/", nil
}

// refusal is an answer that is not a success.
type refusal struct {
	Type    string `json:"__type"`
	Message string `json:"message"`
}

// refusalOf reads one. What can not be read has no type.
func refusalOf(body []byte, cbor bool) (e refusal) {
	if !cbor {
		_ = json.Unmarshal(body, &e)
		return e
	}
	scan := cborScan{body: body}
	for all := scan.enter(cborMap); scan.more(&all); {
		switch string(scan.key()) {
		case "":
		case "__type":
			e.Type = scan.string()
		case "message", "Message":
			e.Message = scan.string()
		default:
			scan.skip(0)
		}
	}
	return e
}

// refused gives the SDK's error for an answer that is not a success. If the SDK is not refused, which speaks JSON, then
// it may have been the CBOR.
func (a *recordsAPI) refused(ctx context.Context, arn, iterator string, e refusal) (*response, error) {
	switch e.Type[strings.LastIndexByte(e.Type, '#')+1:] {
	case "ExpiredIteratorException":
		return nil, &types.ExpiredIteratorException{Message: &e.Message}
	case "ProvisionedThroughputExceededException":
		return nil, &types.ProvisionedThroughputExceededException{Message: &e.Message}
	}
	in := &kinesis.GetRecordsInput{ShardIterator: &iterator, Limit: aws.Int32(askedRecords)}
	if arn != "" {
		in.StreamARN = &arn
	}
	out, err := a.client.GetRecords(ctx, in)
	if err != nil {
		return nil, err
	}
	a.doubt()
	got := &response{MillisBehind: aws.ToInt64(out.MillisBehindLatest), Next: aws.ToString(out.NextShardIterator), HasNext: out.NextShardIterator != nil}
	for _, child := range out.ChildShards {
		got.Children = append(got.Children, aws.ToString(child.ShardId))
	}
	for i := range out.Records {
		r := &out.Records[i]
		got.Records = append(got.Records, kinesisRecord{Data: r.Data, PartitionKey: aws.ToString(r.PartitionKey), Sequence: aws.ToString(r.SequenceNumber), Arrival: aws.ToTime(r.ApproximateArrivalTimestamp)})
	}
	return got, nil
}

// readBody reads an answer, into the memory of a former one where that is enough and not far too much.
func readBody(resp *http.Response, body []byte) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }()
	if n := resp.ContentLength; n >= 0 && n <= maxBody {
		if int64(cap(body)) < n || wasteful(cap(body), int(n)) {
			body = make([]byte, n)
		}
		body = body[:n]
		_, err := io.ReadFull(resp.Body, body)
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("answer is larger than %d bytes", maxBody)
	}
	return body, err
}
