package trial

import (
	"fmt"
	"slices"
	"time"

	"standpipe/config"
	"standpipe/internal/embedded"
)

// overlay is the environment that leads a configuration to the embedded servers. What it sets lies over the file.
func overlay(cfg config.Config, s *embedded.Servers) []string {
	env := []string{
		"STANDPIPE_STREAM_ENDPOINT=" + s.KinesisURL, "STANDPIPE_LEASES_ENDPOINT=" + s.DynamoURL,
		"STANDPIPE_S3_ENDPOINT=" + s.S3URL, "STANDPIPE_S3_PATH_STYLE=true",
		"STANDPIPE_SERVER_LISTEN=off", "STANDPIPE_LOG_LEVEL=error", "STANDPIPE_LOG_FORMAT=console",
	}
	return append(env, fmt.Sprintf("STANDPIPE_BUFFER_INTERVAL=%v", min(time.Duration(cfg.Buffer.Interval), time.Second)))
}

// adapt takes out of a configuration what only AWS can do, and says what that was.
func adapt(cfg *config.Config) (left []string) {
	clear := func(what string, fields ...*string) {
		for _, f := range fields {
			if *f != "" && !slices.Contains(left, what) {
				left = append(left, what)
			}
			*f = ""
		}
	}
	cfg.Stream.ARN, cfg.Stream.Region, cfg.Stream.InitialPosition = "", embedded.Region, "TRIM_HORIZON"
	clear("roles", &cfg.Stream.RoleARN, &cfg.Stream.ExternalID, &cfg.Errors.RoleARN, &cfg.Errors.ExternalID, &cfg.Journal.RoleARN, &cfg.Journal.ExternalID)
	clear("encryption", &cfg.S3.SSE, &cfg.S3.KMSKey)
	clear("ACLs", &cfg.S3.ACL)
	for i := range cfg.Outputs {
		o := &cfg.Outputs[i]
		clear("roles", &o.RoleARN, &o.ExternalID)
		if o.Catalog != "" {
			clear("the Glue catalog", &o.Catalog)
			o.Glue = config.DefaultOutput().Glue
		}
	}
	return left
}

// unfit says why a configuration can not be tried.
func unfit(cfg config.Config) error {
	for i, o := range cfg.Outputs {
		if o.Format == "parquet" && o.Schema == "" {
			return fmt.Errorf("try outputs[%d]: its columns are in AWS Glue, which a trial does not ask: give them in schema for the trial, as `standpipe schema` proposes them", i)
		}
	}
	for i, s := range cfg.Steps {
		if s.Lambda.Function != "" && s.Lambda.Endpoint == "" {
			return fmt.Errorf("try steps[%d]: it calls AWS Lambda, which a trial does not: set lambda.endpoint to a local one, or leave the step out", i)
		}
	}
	return nil
}

// buckets lists the buckets of a configuration, each once.
func buckets(cfg config.Config) []string {
	var all []string
	for _, u := range cfg.Buckets() {
		if !slices.Contains(all, u.Bucket) {
			all = append(all, u.Bucket)
		}
	}
	return all
}
