package config

// Config is a whole configuration. The tags of its fields are read by this
// package:
//
//	mapstructure  the key
//	desc          its meaning in one line
//	derived       the default where it follows from other keys
//	oneof         the allowed values, separated by commas
//	later         documented values that this version refuses
//	min, max      the limits of a number, Size or Duration, both included
//	allowed       the allowed values in words, for what the others can not say
//
// A Config is not changed after Load and may be read from any goroutine.
type Config struct {
	Stream  Stream   `mapstructure:"stream"`
	Leases  Leases   `mapstructure:"leases"`
	Buffer  Buffer   `mapstructure:"buffer"`
	Steps   []Step   `mapstructure:"steps"`
	Outputs []Output `mapstructure:"outputs"`
	Errors  Errors   `mapstructure:"errors"`
	Journal Journal  `mapstructure:"journal"`
	KPL     KPL      `mapstructure:"kpl"`
	S3      S3       `mapstructure:"s3"`
	Server  Server   `mapstructure:"server"`
	Metrics Metrics  `mapstructure:"metrics"`
	Log     Log      `mapstructure:"log"`

	origins map[string]origin
}

// Stream is the Kinesis stream that is read. After Load, Name is never empty,
// and Name and Region agree with ARN where that is given.
type Stream struct {
	Name            string   `mapstructure:"name" allowed:"1 to 128 letters, digits, _ . or -" desc:"Kinesis stream to read; required unless stream.arn is given"`
	Region          string   `mapstructure:"region" derived:"of stream.arn, else of the AWS SDK" allowed:"a region such as eu-west-1" desc:"AWS region of the stream, the lease table and the buckets"`
	Endpoint        string   `mapstructure:"endpoint" allowed:"http(s) URL" desc:"Kinesis endpoint, for LocalStack or a VPC endpoint"`
	ARN             string   `mapstructure:"arn" allowed:"arn:aws:kinesis:<region>:<account>:stream/<name>" desc:"ARN of the stream, in place of name and region"`
	RoleARN         string   `mapstructure:"role_arn" allowed:"arn:aws:iam::<account>:role/<name>" desc:"IAM role to assume for the stream, such as one of its account; without it the program's own identity"`
	ExternalID      string   `mapstructure:"external_id" allowed:"2 to 1224 letters, digits or _ + = , . @ : / -" desc:"external id that the trust policy of stream.role_arn asks for"`
	InitialPosition string   `mapstructure:"initial_position" allowed:"TRIM_HORIZON, LATEST or an RFC 3339 time" desc:"where a shard without a checkpoint starts"`
	PollInterval    Duration `mapstructure:"poll_interval" min:"200ms" max:"10s" desc:"time between two reads of a shard that is caught up; 5 reads a second are shared by all consumers of the stream"`
}

// Leases says how workers share the shards through a DynamoDB table. After
// Load, Application and Table are never empty.
type Leases struct {
	Application string   `mapstructure:"application" derived:"standpipe-<stream.name>" allowed:"3 to 255 letters, digits, _ . or -" desc:"name that all workers of one pipeline share; object names begin with it"`
	Table       string   `mapstructure:"table" derived:"leases.application" allowed:"3 to 255 letters, digits, _ . or -" desc:"DynamoDB table of the leases; created when missing"`
	Endpoint    string   `mapstructure:"endpoint" allowed:"http(s) URL" desc:"DynamoDB endpoint, for LocalStack or a VPC endpoint"`
	Failover    Duration `mapstructure:"failover" min:"3s" max:"10m" desc:"time without a heartbeat after which a worker's shards are taken over"`
	MaxLeases   int      `mapstructure:"max_leases" min:"0" desc:"most shards one worker holds; 0 is no limit"`
}

// Buffer says when records leave for S3.
type Buffer struct {
	Size     Size     `mapstructure:"size" min:"1MiB" max:"5GiB" desc:"bytes before compression at which an object is full"`
	Interval Duration `mapstructure:"interval" min:"1s" max:"1h" desc:"age of the oldest record at which a batch is written"`
	Memory   Size     `mapstructure:"memory" min:"32MiB" desc:"memory for records on their way to S3, all shards together; the process needs some more"`
}

// Step is one step between a record and the outputs. Exactly one of its kinds
// is set: Decompress, Split, JQ, PartitionKeys or Lambda.Function. After Load,
// Name is unique among the steps.
type Step struct {
	Name          string   `mapstructure:"name" derived:"its kind, as jq; the second jq-2" allowed:"1 to 64 letters, digits, _ . or -" desc:"name of the step in metrics and error records"`
	Decompress    string   `mapstructure:"decompress" oneof:",gzip,cloudwatch_logs" desc:"gzip unpacks each record; cloudwatch_logs makes a record of each message in what a CloudWatch Logs subscription sends, and drops its control messages"`
	Split         string   `mapstructure:"split" oneof:",json,array,delimiter" desc:"make several records of one: json of JSON values that follow each other, array of the elements of a JSON array, delimiter of text between delimiters"`
	Delimiter     string   `mapstructure:"delimiter" allowed:"text; in double quotes \\n is a line end" desc:"what split delimiter splits at; it is no part of the records"`
	JQ            string   `mapstructure:"jq" allowed:"a jq program" desc:"make of each record the results of a jq program: none drops it, several are several records; an unchanged input keeps its bytes"`
	Input         string   `mapstructure:"input" oneof:"json,text" desc:"what jq takes: a record's JSON values one after the other, or its bytes as a string without the line end"`
	Output        string   `mapstructure:"output" oneof:"json,text" desc:"what jq makes: JSON, or text, where a string is the record's bytes as it is; everything else is JSON there too"`
	PartitionKeys string   `mapstructure:"partition_keys" allowed:"a jq program whose result is an object" desc:"find the values of !{partitionKeyFromQuery:…} in each record, such as {customer: .customer_id}"`
	Lambda        Lambda   `mapstructure:"lambda"`
	MaxBytes      Size     `mapstructure:"max_bytes" min:"1KiB" max:"1GiB" desc:"most bytes that decompress, split or jq may make of one record; more is an error record"`
	Timeout       Duration `mapstructure:"timeout" min:"1ms" max:"5m" desc:"time that jq or partition_keys may take for one record; more is an error record"`
}

// Lambda is a step's Lambda function, called as Firehose calls one that
// transforms records.
type Lambda struct {
	Function   string   `mapstructure:"function" allowed:"a function's name or ARN, with version or alias" desc:"AWS Lambda function that transforms records as it would for Firehose"`
	Region     string   `mapstructure:"region" derived:"of the function's ARN, else stream.region" allowed:"a region such as eu-west-1" desc:"AWS region of the function"`
	Endpoint   string   `mapstructure:"endpoint" allowed:"http(s) URL" desc:"AWS Lambda endpoint, for LocalStack or a VPC endpoint"`
	RoleARN    string   `mapstructure:"role_arn" allowed:"arn:aws:iam::<account>:role/<name>" desc:"IAM role to assume for AWS Lambda; without it the program's own identity"`
	ExternalID string   `mapstructure:"external_id" allowed:"2 to 1224 letters, digits or _ + = , . @ : / -" desc:"external id that the trust policy of lambda.role_arn asks for"`
	BufferSize Size     `mapstructure:"buffer_size" min:"1KiB" max:"3MiB" desc:"bytes of records that one call takes at most; AWS Lambda takes 6 MB of JSON, which holds base64"`
	Parallel   int      `mapstructure:"parallel" min:"1" max:"100" desc:"calls under way at once for each shard"`
	Retries    int      `mapstructure:"retries" min:"0" max:"300" desc:"calls beside the first one that an error or a timeout of the function is worth; throttling and outages of AWS Lambda are waited out"`
	Timeout    Duration `mapstructure:"timeout" min:"1s" max:"15m" desc:"time that one call may take"`
}

// Output is one destination. After Load, Name is unique among the outputs.
// The syntax of Prefix is not checked here.
type Output struct {
	Name             string `mapstructure:"name" derived:"output-<n>" allowed:"1 to 64 letters, digits, _ . or -" desc:"name of the output in logs and metrics; n counts from 0"`
	Bucket           string `mapstructure:"bucket" allowed:"a bucket's name" desc:"S3 bucket; required"`
	RoleARN          string `mapstructure:"role_arn" allowed:"arn:aws:iam::<account>:role/<name>" desc:"IAM role to assume for the bucket, such as one of its account; without it the program's own identity"`
	ExternalID       string `mapstructure:"external_id" allowed:"2 to 1224 letters, digits or _ + = , . @ : / -" desc:"external id that the trust policy of role_arn asks for"`
	Prefix           string `mapstructure:"prefix" allowed:"text with !{timestamp:…}, !{firehose:random-string}, !{partitionKeyFromQuery:…} and !{partitionKeyFromLambda:…}" desc:"prefix of the objects, see docs/prefixes.md; without an expression yyyy/MM/dd/HH/ is appended"`
	PartitionValues  string `mapstructure:"partition_values" oneof:"plain,hive" desc:"how values of partition keys stand in prefixes: plain is as they are, as with Firehose; hive writes / = : % and the like as % and two digits, so that engines find one folder a value"`
	MaxOpenPaths     int    `mapstructure:"max_open_paths" min:"0" desc:"most paths that a worker writes to between two commits; records of further ones go to the error output as activePartitionExceeded, as with Firehose's limit of active partitions; 0 is as many as buffer.memory has room for, 2 KiB each"`
	Extension        string `mapstructure:"extension" derived:"by format and compression" allowed:"a dot and up to 127 lower-case letters, digits or ! - _ . * ' ( )" desc:"end of the object names, such as .json.gz"`
	Format           string `mapstructure:"format" oneof:"ndjson,parquet,raw" desc:"format of the objects: ndjson is a JSON value a line, raw is records as they come"`
	Delimiter        string `mapstructure:"delimiter" derived:"a line end" allowed:"up to 64 bytes; in double quotes \\n is a line end" desc:"what stands behind each value of ndjson and each record of raw, unless the record ends so; empty, of raw only, is nothing"`
	Compression      string `mapstructure:"compression" derived:"gzip; of Parquet snappy" oneof:"gzip,zstd,snappy,hadoop_snappy,zip,none" desc:"codec of the objects; snappy of NDJSON is snappy-java's stream, as Firehose writes it. Parquet takes snappy, zstd, gzip or none, inside the file"`
	CompressionLevel int    `mapstructure:"compression_level" allowed:"0; gzip, zip: to 9; zstd: to 22" desc:"codec's level; 0 is what costs least in all, see docs/performance.md: 8 of gzip and zip, 6 of zstd. Of zstd there are four: 1 and 2, 3 to 5, 6 to 9, 10 to 22, which takes 38 MiB a core"`
	ContentEncoding  bool   `mapstructure:"content_encoding" desc:"declare the codec as Content-Encoding, as Firehose does; off, since HTTP clients then decompress by themselves what is named .gz"`

	Timestamp          string   `mapstructure:"timestamp" allowed:"arrival, or a jq path such as .time" desc:"time that a record is filed under: that of its arrival in Kinesis, or of the event it tells of, see docs/prefixes.md"`
	TimestampFormat    string   `mapstructure:"timestamp_format" allowed:"auto, epoch_s, epoch_ms, epoch_us, epoch_ns, rfc3339 or a pattern such as dd/MMM/yyyy:HH:mm:ss Z" desc:"how the time at timestamp is written; auto takes RFC 3339, and numbers of seconds, milliseconds, microseconds or nanoseconds by their size"`
	TimestampOldest    Duration `mapstructure:"timestamp_oldest" min:"0s" desc:"how long before its arrival an event may have happened; 0s is no limit"`
	TimestampNewest    Duration `mapstructure:"timestamp_newest" min:"0s" desc:"how long after its arrival an event may say it happened, since clocks go wrong; 0s is no limit"`
	TimestampOtherwise string   `mapstructure:"timestamp_otherwise" oneof:"arrival,error" desc:"what becomes of a record without a usable time: arrival files it under that, error sends it to the error output; both are counted"`

	TimeZone string `mapstructure:"time_zone" allowed:"an IANA name such as Europe/Berlin" desc:"time zone of the times in prefix and object names"`
	Validate string `mapstructure:"validate" oneof:"json,none" desc:"of ndjson: json sends what is no JSON to the error prefix; none lets it through"`
	Schema   string `mapstructure:"schema" allowed:"columns as in CREATE TABLE, such as id bigint, at timestamp from requestTime" desc:"columns of format parquet, required there unless glue.table is given; of ndjson only standpipe ddl and catalog glue use them; from names the JSON key where it is not the column's name"`

	Catalog string  `mapstructure:"catalog" oneof:",glue" desc:"glue registers glue.table, which is created from schema where there is none, and each new partition in the AWS Glue Data Catalog"`
	Glue    Glue    `mapstructure:"glue"`
	Parquet Parquet `mapstructure:"parquet"`
}

// Glue names a table of the AWS Glue Data Catalog that belongs to an output.
type Glue struct {
	Database   string   `mapstructure:"database" allowed:"1 to 255 characters" desc:"database of the AWS Glue Data Catalog that holds glue.table"`
	Table      string   `mapstructure:"table" allowed:"1 to 255 characters" desc:"table from which format parquet takes its columns, in place of schema; its newest version is followed while running. With catalog glue, the table that partitions are registered in"`
	CatalogID  string   `mapstructure:"catalog_id" derived:"of the account that asks" allowed:"an account's id" desc:"Data Catalog to ask, such as that of another account"`
	Region     string   `mapstructure:"region" derived:"stream.region" allowed:"a region such as eu-west-1" desc:"AWS region of the Data Catalog"`
	Endpoint   string   `mapstructure:"endpoint" allowed:"http(s) URL" desc:"AWS Glue endpoint, for LocalStack or a VPC endpoint"`
	RoleARN    string   `mapstructure:"role_arn" allowed:"arn:aws:iam::<account>:role/<name>" desc:"IAM role to assume for AWS Glue; without it the program's own identity"`
	ExternalID string   `mapstructure:"external_id" allowed:"2 to 1224 letters, digits or _ + = , . @ : / -" desc:"external id that the trust policy of glue.role_arn asks for"`
	Refresh    Duration `mapstructure:"refresh" min:"1s" max:"1h" desc:"time between two looks for a new version of the table, one request each; a fifth is added or taken off at random"`
}

// Parquet says how an output of format parquet reads records and lays its
// files out.
type Parquet struct {
	RowGroupSize      Size   `mapstructure:"row_group_size" min:"1MiB" max:"1GiB" desc:"bytes of values, before encoding and compression, at which a row group ends; it also ends when it takes an eighth of buffer.memory"`
	PageSize          Size   `mapstructure:"page_size" min:"8KiB" max:"64MiB" desc:"the same of a page; it also ends after about 20,000 rows"`
	PageVersion       int    `mapstructure:"page_version" min:"1" max:"2" desc:"version of the data pages: 1, which every reader knows, or 2, which comes with delta encodings where they pay"`
	Dictionary        bool   `mapstructure:"dictionary" desc:"store a column's repeated values once, where its first rows say that this pays"`
	SortBy            string `mapstructure:"sort_by" allowed:"columns as behind ORDER BY, such as user, requesttime desc nulls first" desc:"sort the rows of each row group by columns of plain types, so that queries for few values read little; row groups then end sooner, since their rows wait in memory"`
	Timestamps        string `mapstructure:"timestamps" oneof:"micros,millis,nanos,int96" desc:"how columns of type timestamp are stored; int96 is what Firehose writes, for readers that know no other"`
	JSON              string `mapstructure:"json" oneof:"openx,strict" desc:"openx converts values to the columns' types as Firehose does with the OpenX SerDe; strict takes values of these types only"`
	Epoch             string `mapstructure:"epoch" oneof:"seconds,millis,micros,nanos" desc:"unit of numbers in timestamp columns, with json strict; openx tells seconds from milliseconds by their size"`
	CaseInsensitive   bool   `mapstructure:"case_insensitive" desc:"compare JSON keys with columns without case, at every depth"`
	DotsToUnderscores bool   `mapstructure:"dots_to_underscores" desc:"a key a.b fills a column a_b"`
	RestColumn        bool   `mapstructure:"rest_column" desc:"keep the top-level keys that fill no column, as JSON in a last column _rest; off, they are dropped"`
}

// Errors says where records go that can not be delivered. After Load, Bucket
// and Prefix are never empty.
type Errors struct {
	Bucket      string `mapstructure:"bucket" derived:"the first output's" allowed:"a bucket's name" desc:"S3 bucket of the error output"`
	RoleARN     string `mapstructure:"role_arn" derived:"of the output with the same bucket" allowed:"arn:aws:iam::<account>:role/<name>" desc:"IAM role to assume for the bucket"`
	ExternalID  string `mapstructure:"external_id" derived:"of the output with the same bucket" allowed:"2 to 1224 letters, digits or _ + = , . @ : / -" desc:"external id that the trust policy of errors.role_arn asks for"`
	Prefix      string `mapstructure:"prefix" allowed:"text with !{firehose:error-output-type} and !{timestamp:…}" desc:"prefix of the error objects"`
	Compression string `mapstructure:"compression" oneof:"gzip,zstd,snappy,hadoop_snappy,zip,none" desc:"codec of the error objects"`
}

// Journal says where the lists of what each batch holds are kept. After Load,
// Bucket and Prefix are never empty and Prefix ends in a slash.
type Journal struct {
	Bucket     string `mapstructure:"bucket" derived:"the first output's" allowed:"a bucket's name" desc:"S3 bucket of the journals"`
	RoleARN    string `mapstructure:"role_arn" derived:"of the output with the same bucket" allowed:"arn:aws:iam::<account>:role/<name>" desc:"IAM role to assume for the bucket"`
	ExternalID string `mapstructure:"external_id" derived:"of the output with the same bucket" allowed:"2 to 1224 letters, digits or _ + = , . @ : / -" desc:"external id that the trust policy of journal.role_arn asks for"`
	Prefix     string `mapstructure:"prefix" derived:"_standpipe/<leases.application>/" allowed:"plain text that ends in / and lies outside the outputs' prefixes" desc:"prefix of the journals"`
}

// KPL says how aggregates of the Kinesis Producer Library are unpacked.
type KPL struct {
	OutOfRange string `mapstructure:"out_of_range" oneof:"deliver,drop" desc:"what happens to user records whose hash key is outside the shard's range; drop is what the Java KCL does"`
}

// S3 holds what is common to all buckets.
type S3 struct {
	Endpoint  string `mapstructure:"endpoint" allowed:"http(s) URL" desc:"S3 endpoint, for LocalStack, MinIO or a VPC endpoint"`
	PathStyle bool   `mapstructure:"path_style" desc:"put the bucket into the URL's path, as most S3-compatible servers need"`
	SSE       string `mapstructure:"sse" oneof:",AES256,aws:kms" desc:"server-side encryption asked for; empty leaves it to the bucket"`
	KMSKey    string `mapstructure:"kms_key" allowed:"a key's id, ARN or alias" desc:"KMS key, only with sse aws:kms; empty is the account's key for S3"`
	ACL       string `mapstructure:"acl" oneof:",bucket-owner-full-control" desc:"ACL that objects are created with, for a bucket of another account that still has ACLs; empty sends none"`
}

// Server is the HTTP server for probes, metrics and status. After Load, an
// empty Listen means that there is none.
type Server struct {
	Listen string `mapstructure:"listen" allowed:"host:port, or off" desc:"address of the status page, /healthz, /readyz and /metrics"`
}

// Metrics says where metrics go besides /metrics.
type Metrics struct {
	CloudWatch bool     `mapstructure:"cloudwatch" desc:"write metrics to stdout in CloudWatch's embedded metric format, from which CloudWatch Logs makes metrics of the namespace Standpipe, see docs/operations.md; each costs what a custom metric does"`
	Interval   Duration `mapstructure:"interval" min:"1s" max:"1h" desc:"time between two lines of metrics.cloudwatch; CloudWatch keeps whole minutes"`
}

// Log says how the program logs.
type Log struct {
	Level  string `mapstructure:"level" oneof:"trace,debug,info,warn,error" desc:"least level that is logged"`
	Format string `mapstructure:"format" oneof:"json,console" desc:"json for machines, console for people"`
}
