package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"standpipe/config"
)

const (
	application = "standpipe-demo"
	region      = "us-east-1"

	dataFolder    = "clicks/"
	accessFolder  = "access/"
	errorsFolder  = "errors/"
	journalFolder = "_standpipe/"
	byHour        = "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"
)

// The shortest failover there is makes kills heal fast; small buffers make many batches.
const settings = `# Made by standpipe demo; its servers are gone when it ends.
stream:  {name: %s, region: %s, endpoint: %q, poll_interval: 250ms}
leases:  {application: %s, endpoint: %q, failover: 3s}
buffer:  {size: 2MiB, interval: 2s, memory: 64MiB}
outputs: [{name: %s, bucket: %s, prefix: %q%s}]
errors:  {prefix: %q}
journal: {prefix: %q}
s3:      {endpoint: %q, path_style: true}
server:  {listen: "off"}
`

// writeSettings makes the workers' configuration file in folder, and reads it as the workers will.
func writeSettings(folder string, s *servers, access bool) (file string, cfg config.Config, err error) {
	data, format := dataFolder, ""
	if access {
		data, format = accessFolder, fmt.Sprintf(", format: parquet, schema: %q", AccessSchema)
	}
	text := fmt.Sprintf(settings, stream, region, s.kinesisURL, application, s.dynamoURL, strings.TrimSuffix(data, "/"), bucket, data+byHour, format,
		errorsFolder+"!{firehose:error-output-type}/"+byHour, journalFolder+application+"/", s.s3URL)
	file = filepath.Join(folder, "standpipe.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return "", config.Config{}, unwritable(folder, err)
	}
	cfg, err = config.Load(config.Source{File: file})
	return file, cfg, err
}

// credentials let the AWS SDK sign its requests to the embedded servers, which look at no signature.
var credentials = []string{
	"AWS_SECRET_ACCESS_KEY=demo",
	"AWS_REGION=" + region,
	"AWS_EC2_METADATA_DISABLED=true",
	"AWS_CONFIG_FILE=" + os.DevNull,
	"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
}

// personal says whether a variable would lead a worker to the user's own account or settings.
func personal(variable string) bool {
	return strings.HasPrefix(variable, "AWS_") || strings.HasPrefix(variable, "STANDPIPE_")
}

// accessKey tells the S3 server which worker a request is from.
const accessKey = "AWS_ACCESS_KEY_ID="

// environment is the environment of a worker's process.
func environment(worker string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !personal(v) {
			env = append(env, v)
		}
	}
	return append(append(env, credentials...), accessKey+worker)
}

// enterEnvironment gives this process a worker's environment, until leave is called.
func enterEnvironment() (leave func()) {
	var before []string
	for _, v := range os.Environ() {
		if personal(v) {
			before = append(before, v)
			name, _, _ := strings.Cut(v, "=")
			_ = os.Unsetenv(name)
		}
	}
	own := append([]string{accessKey + "demo"}, credentials...)
	set(own)
	return func() {
		for _, v := range own {
			name, _, _ := strings.Cut(v, "=")
			_ = os.Unsetenv(name)
		}
		set(before)
	}
}

func set(env []string) {
	for _, v := range env {
		name, text, _ := strings.Cut(v, "=")
		_ = os.Setenv(name, text)
	}
}
