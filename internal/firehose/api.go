package firehose

// Stream is a delivery stream in the shape of Firehose's CreateDeliveryStream, whatever it was read from. A pointer is nil
// where nothing was given, so that Firehose's defaults can be told from what somebody chose. Texts may hold references
// whose values are not in the files.
// https://docs.aws.amazon.com/firehose/latest/APIReference/API_CreateDeliveryStream.html
type Stream struct {
	DeliveryStreamName string
	DeliveryStreamARN  string
	DeliveryStreamType string

	KinesisStreamSourceConfiguration *Source
	MSKSourceConfiguration           *ignored
	DatabaseSourceConfiguration      *ignored
	DirectPutSourceConfiguration     *ignored

	ExtendedS3DestinationConfiguration *Destination
	S3DestinationConfiguration         *Destination
	// OtherDestination is the member of another destination, such as RedshiftDestinationConfiguration.
	OtherDestination string

	DeliveryStreamEncryptionConfigurationInput *ServerSideEncryption
	Tags                                       []Tag
}

// Source is the Kinesis data stream that is read.
type Source struct {
	KinesisStreamARN, RoleARN string
	DeliveryStartTimestamp    *ignored
}

// Destination is an S3 bucket and everything that happens on the way to it. The destination of a backup is one too, with
// fewer members.
// https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html
type Destination struct {
	RoleARN, BucketARN                string
	Prefix, ErrorOutputPrefix         *string
	BufferingHints                    *BufferingHints
	CompressionFormat                 string
	EncryptionConfiguration           *Encryption
	CloudWatchLoggingOptions          *Logging
	ProcessingConfiguration           *Processing
	S3BackupMode                      string
	S3BackupConfiguration             *Destination
	DataFormatConversionConfiguration *Conversion
	DynamicPartitioningConfiguration  *DynamicPartitioning
	FileExtension, CustomTimeZone     string
	SecretsManagerConfiguration       *ignored
}

// BufferingHints say when Firehose delivers.
type BufferingHints struct{ SizeInMBs, IntervalInSeconds *int }

// Encryption is that of the objects.
type Encryption struct {
	NoEncryptionConfig  string
	KMSEncryptionConfig *struct{ AWSKMSKeyARN string }
}

// ServerSideEncryption is that of records while Firehose holds them.
type ServerSideEncryption struct {
	Enabled         *bool
	KeyARN, KeyType string
}

// Logging is where Firehose logs errors.
type Logging struct {
	Enabled                     *bool
	LogGroupName, LogStreamName string
}

// Processing lists what Firehose does to records, in whatever order it was declared.
type Processing struct {
	Enabled    *bool
	Processors []Processor
}

// Processor is one kind of processing.
// https://docs.aws.amazon.com/firehose/latest/APIReference/API_ProcessorParameter.html
type Processor struct {
	Type       string
	Parameters []struct{ ParameterName, ParameterValue string }
}

// Conversion is the conversion of JSON to Parquet or ORC. It is on where Enabled is nil.
type Conversion struct {
	Enabled                  *bool
	InputFormatConfiguration *struct {
		Deserializer *struct {
			OpenXJsonSerDe *OpenX
			HiveJsonSerDe  *struct{ TimestampFormats []string }
		}
	}
	OutputFormatConfiguration *struct {
		Serializer *struct {
			ParquetSerDe *Parquet
			OrcSerDe     *ignored
		}
	}
	SchemaConfiguration *struct {
		CatalogId, DatabaseName, TableName, Region, RoleARN, VersionId string
	}
}

// OpenX holds the options of the OpenX JSON SerDe.
type OpenX struct {
	CaseInsensitive                    *bool
	ColumnToJsonKeyMappings            map[string]string
	ConvertDotsInJsonKeysToUnderscores *bool
}

// Parquet holds the options of Parquet files.
type Parquet struct {
	BlockSizeBytes, PageSizeBytes, MaxPaddingBytes *int
	Compression, WriterVersion                     string
	EnableDictionaryCompression                    *bool
}

// DynamicPartitioning is off where Enabled is nil.
type DynamicPartitioning struct {
	Enabled      *bool
	RetryOptions *struct{ DurationInSeconds *int }
}

// Tag is one of the delivery stream's tags.
type Tag struct{ Key, Value string }

// ignored stands for members of which only the presence counts.
type ignored struct{}
