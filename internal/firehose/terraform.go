package firehose

import (
	"strings"
)

const resourceType = "aws_kinesis_firehose_delivery_stream"

// terraformNames are the members of the API that Terraform's arguments stand for, where the name can not be made from the
// argument's words. Arguments without one are Terraform's own.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kinesis_firehose_delivery_stream
var terraformNames = map[string]string{
	"name":                               "DeliveryStreamName",
	"arn":                                "DeliveryStreamARN",
	"kinesis_source_configuration":       "KinesisStreamSourceConfiguration",
	"extended_s3_configuration":          "ExtendedS3DestinationConfiguration",
	"s3_configuration":                   "S3DestinationConfiguration",
	"redshift_configuration":             "RedshiftDestinationConfiguration",
	"elasticsearch_configuration":        "ElasticsearchDestinationConfiguration",
	"opensearch_configuration":           "AmazonopensearchserviceDestinationConfiguration",
	"opensearchserverless_configuration": "AmazonOpenSearchServerlessDestinationConfiguration",
	"splunk_configuration":               "SplunkDestinationConfiguration",
	"http_endpoint_configuration":        "HttpEndpointDestinationConfiguration",
	"snowflake_configuration":            "SnowflakeDestinationConfiguration",
	"iceberg_configuration":              "IcebergDestinationConfiguration",
	"server_side_encryption":             "DeliveryStreamEncryptionConfigurationInput",
	"cloudwatch_logging_options":         "CloudWatchLoggingOptions",
	"kms_key_arn":                        "EncryptionConfiguration.KMSEncryptionConfig.AWSKMSKeyARN",
	"buffer_size":                        "BufferingHints.SizeInMBs",
	"buffering_size":                     "BufferingHints.SizeInMBs",
	"buffer_interval":                    "BufferingHints.IntervalInSeconds",
	"buffering_interval":                 "BufferingHints.IntervalInSeconds",
	"retry_duration":                     "RetryOptions.DurationInSeconds",
	"destination":                        "",
	"id":                                 "",
	"region":                             "",
	"tags":                               "",
	"tags_all":                           "",
	"version_id":                         "", // of the delivery stream; that of a schema is told by its place
	"destination_id":                     "",
	"timeouts":                           "",
	"count":                              "",
	"for_each":                           "",
	"provider":                           "",
	"depends_on":                         "",
	"lifecycle":                          "",
	"provisioner":                        "",
	"connection":                         "",
}

// verbatim are arguments whose values hold names that are not Terraform's.
var verbatim = map[string]bool{"column_to_json_key_mappings": true}

// fromArguments makes a Found of a resource's arguments, blocks being lists of mappings.
func fromArguments(address string, arguments map[string]any) Found {
	tree := apiTree(arguments, true)
	if tags, ok := arguments["tags"].(map[string]any); ok && len(tags) > 0 {
		tree["Tags"] = []any{map[string]any{"Key": "tags"}}
	}
	f := decoded("Terraform", tree)
	f.Address = address
	if region := toText(arguments["region"]); region != "" && len(refs(region)) == 0 {
		f.Region = region
	}
	return f
}

// apiTree gives arguments their names in the API.
func apiTree(arguments map[string]any, top bool) map[string]any {
	out := make(map[string]any, len(arguments))
	for name, v := range arguments {
		member, special := terraformNames[name]
		if name == "version_id" && !top {
			special = false
		}
		if !special {
			member = words(name)
		}
		if member == "" {
			continue
		}
		if !verbatim[name] {
			v = apiValue(v)
		}
		put(out, strings.Split(member, "."), v)
	}
	return out
}

func apiValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return apiTree(v, false)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = apiValue(v[i])
		}
		return list
	case string:
		if v == "" {
			return nil // Terraform does not tell it from nothing
		}
	}
	return v
}

// put sets a member below others. What was set before stays where the new value is nothing.
func put(m map[string]any, path []string, v any) {
	for _, name := range path[:len(path)-1] {
		if v == nil {
			return
		}
		below, ok := m[name].(map[string]any)
		if !ok {
			below = make(map[string]any)
			m[name] = below
		}
		m = below
	}
	if last := path[len(path)-1]; v != nil || m[last] == nil {
		m[last] = v
	}
}

// words makes RoleARN of role_arn.
func words(name string) string {
	var b strings.Builder
	for _, word := range strings.Split(name, "_") {
		switch {
		case word == "arn" || word == "kms" || word == "msk":
			b.WriteString(strings.ToUpper(word))
		case word != "":
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}
