package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	"github.com/rs/zerolog"

	"standpipe/config"
	"standpipe/internal/catalog"
	"standpipe/sink"
)

const (
	dialTimeout   = 5 * time.Second
	tlsTimeout    = 5 * time.Second
	headerTimeout = 10 * time.Second // until an answer begins
	s3Timeout     = 30 * time.Second // the same for S3, whose CompleteMultipartUpload thinks longer
	idlePerHost   = 256              // 99 shards read at once, with room for commits
	idleTimeout   = 90 * time.Second
	laptopRegion  = "us-east-1" // where no region is set and every endpoint is on this machine
)

// services are the clients of one daemon. None of them retries: consumer and sink do, and count it.
type services struct {
	kinesis  *kinesis.Client
	dynamodb *dynamodb.Client
	s3       *s3.Client // of the buckets that no role is assumed for; see bucket

	worker    string           // this process, unique for each start
	roles     []*role          // each once, that of the stream first
	buckets   map[string]*role // by bucket
	stream    *role            // nil: the program's own identity
	tables    []*glueTable     // from which outputs take their columns, each once
	registers []*glueRegister  // in which outputs are registered
	measured  *catalog.Metrics // of what is asked of Glue; set where a daemon is wired
	functions []*function      // that steps call, each once
	streamARN string           // known once the stream was described

	region      string
	credentials aws.CredentialsProvider // of the services in signed
	configured  bool                    // whether there is more than the last resort, an instance's role
	signed      []string                // services that need real credentials
	remote      []string                // services that are not on this machine
	warnings    []string                // sentences about the endpoints
	connections []*http.Client
}

// close gives up the connections, which nobody uses any more.
func (s *services) close() {
	for _, c := range s.connections {
		c.CloseIdleConnections()
	}
}

// connect makes the clients from the SDK's default chain and the configuration. It opens no connection.
func connect(ctx context.Context, cfg config.Config, log zerolog.Logger) (*services, error) {
	sdkLog := logging.LoggerFunc(func(class logging.Classification, format string, args ...any) {
		level := zerolog.DebugLevel
		if class == logging.Warn {
			level = zerolog.WarnLevel
		}
		log.WithLevel(level).Str("from", "aws").Msgf(format, args...)
	})
	options := []func(*awsconfig.LoadOptions) error{awsconfig.WithHTTPClient(httpClient()), awsconfig.WithLogger(sdkLog)}
	if cfg.Stream.Region != "" {
		options = append(options, awsconfig.WithRegion(cfg.Stream.Region))
	}
	loaded, err := awsconfig.LoadDefaultConfig(ctx, options...)
	var profile awsconfig.SharedConfigProfileNotExistError
	switch {
	case errors.As(err, &profile):
		return nil, usageError("AWS profile %s does not exist: add it to ~/.aws/config (or the file of AWS_CONFIG_FILE), or set AWS_PROFILE to another", profile.Profile)
	case err != nil:
		return nil, usageError("load the AWS SDK's settings: %w: correct them in the environment or in ~/.aws/config", err)
	}
	s := newServices(loaded, cfg, log)
	if loaded.Region == "" {
		if len(s.remote) > 0 {
			return nil, usageError("no AWS region is set for %s: set stream.region or AWS_REGION", list(s.remote))
		}
		loaded.Region = laptopRegion
		s = newServices(loaded, cfg, log)
	}
	return s, nil
}

func httpClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithTransportOptions(func(t *http.Transport) {
			t.TLSHandshakeTimeout = tlsTimeout
			t.MaxIdleConns = 0 // no limit but that per host
			t.MaxIdleConnsPerHost = idlePerHost
			t.IdleConnTimeout = idleTimeout
		})
}

func newServices(loaded aws.Config, cfg config.Config, log zerolog.Logger) *services {
	s := &services{
		worker: workerID(), buckets: map[string]*role{},
		region: loaded.Region, credentials: loaded.Credentials,
		configured: !aws.IsCredentialsProvider(loaded.Credentials, (*ec2rolecreds.Provider)(nil)),
	}
	s3Config := loaded.Copy()
	loaded.HTTPClient = s.pool(loaded.HTTPClient, headerTimeout)
	s3Config.HTTPClient = s.pool(s3Config.HTTPClient, s3Timeout)
	s.stream = s.roleFor(cfg.Stream.Role(), "stream", "stream "+cfg.Stream.Name)
	for _, u := range cfg.Buckets() {
		if r := s.roleFor(u.Role, u.Section, "bucket "+u.Bucket); r != nil {
			s.buckets[u.Bucket] = r
		}
	}
	s.glueTables(loaded, cfg)
	s.lambdaFunctions(loaded, cfg)
	if len(s.roles) > 0 {
		client := sts.NewFromConfig(loaded, func(o *sts.Options) {
			o.Retryer = aws.NopRetryer{}
			s.place("STS", "", &o.BaseEndpoint, &o.Credentials, nil)
		})
		for _, r := range s.roles {
			r.assume(client, sessionName(cfg.Leases.Application, s.worker), log)
		}
	}
	s.kinesis = kinesis.NewFromConfig(loaded, func(o *kinesis.Options) {
		o.Retryer = aws.NopRetryer{}
		s.place("Kinesis", cfg.Stream.Endpoint, &o.BaseEndpoint, &o.Credentials, s.stream)
	})
	s.dynamodb = dynamodb.NewFromConfig(loaded, func(o *dynamodb.Options) {
		o.Retryer = aws.NopRetryer{}
		o.DisableValidateResponseChecksum = true // the SDK only warns, also of servers that send none
		s.place("DynamoDB", cfg.Leases.Endpoint, &o.BaseEndpoint, &o.Credentials, nil)
	})
	newS3 := func(r *role) *s3.Client {
		return s3.NewFromConfig(s3Config, func(o *s3.Options) {
			o.Retryer = aws.NopRetryer{}
			o.UsePathStyle = cfg.S3.PathStyle
			// The sink gives each part's CRC-32 itself, computed once.
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
			o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
			s.place("S3", cfg.S3.Endpoint, &o.BaseEndpoint, &o.Credentials, r)
			if !strings.HasPrefix(aws.ToString(o.BaseEndpoint), "http:") {
				o.APIOptions = append(o.APIOptions, unsignedParts)
			}
		})
	}
	s.s3 = newS3(nil)
	for _, r := range s.buckets {
		if r.s3 == nil {
			r.s3 = newS3(r)
		}
	}
	s.connectGlue(loaded)
	s.connectLambda(loaded)
	return s
}

// bucket is the client for a bucket. One that the configuration does not name, in a batch of an earlier one, is
// asked as the program itself.
func (s *services) bucket(name string) *s3.Client {
	if r := s.buckets[name]; r != nil {
		return r.s3
	}
	return s.s3
}

// store is the sink's store on all buckets. Each of its clients has the options added.
func (s *services) store(cfg config.Config, opts sink.S3Options, more ...func(*s3.Options)) *sink.S3 {
	opts.SSE, opts.KMSKey, opts.ACL = types.ServerSideEncryption(cfg.S3.SSE), cfg.S3.KMSKey, types.ObjectCannedACL(cfg.S3.ACL)
	opts.Clients = make(map[string]*s3.Client)
	for name, r := range s.buckets {
		opts.Clients[name] = s3.New(r.s3.Options(), more...)
	}
	return sink.NewS3(s3.New(s.s3.Options(), more...), opts)
}

// pool is a client with connections of its own, made of the one that the SDK has given AWS_CA_BUNDLE's
// certificates to. header is how long it waits until an answer begins.
func (s *services) pool(from aws.HTTPClient, header time.Duration) aws.HTTPClient {
	buildable, ok := from.(*awshttp.BuildableClient)
	if !ok {
		return from
	}
	frozen := buildable.WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = header }).Freeze()
	if c, ok := frozen.(*http.Client); ok {
		s.connections = append(s.connections, c)
	}
	return frozen
}

// place sets a client's endpoint, and its credentials: those of a role, if one is assumed for it, or where that
// is on this machine and no credentials are configured, some that local servers accept. base may come from
// AWS_ENDPOINT_URL already.
func (s *services) place(service, endpoint string, base **string, creds *aws.CredentialsProvider, r *role) {
	if endpoint != "" {
		*base = &endpoint
	}
	if w := plaintext(service, aws.ToString(*base)); w != "" {
		s.warnings = append(s.warnings, w)
	}
	local := loopback(aws.ToString(*base))
	if !local && !slices.Contains(s.remote, service) {
		s.remote = append(s.remote, service)
	}
	switch {
	case r != nil:
		*creds = r.credentials
	case local && !s.configured:
		*creds = credentials.NewStaticCredentialsProvider("standpipe", "standpipe", "")
	default:
		s.signed = append(s.signed, service)
	}
}

// loopback says whether a URL leads to this machine.
func loopback(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// unsignedParts saves the SHA-256 of each part's bytes where TLS and the CRC-32 already protect them.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
func unsignedParts(stack *middleware.Stack) error {
	if stack.ID() != "UploadPart" {
		return nil
	}
	return v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware(stack)
}

// list prints "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return fmt.Sprintf("%s and %s", strings.Join(words[:len(words)-1], ", "), words[len(words)-1])
}
