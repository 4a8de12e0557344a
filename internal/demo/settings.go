package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"standpipe/config"
	"standpipe/internal/embedded"
)

const (
	application = "standpipe-demo"
	region      = embedded.Region

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
	text := fmt.Sprintf(settings, stream, region, s.KinesisURL, application, s.DynamoURL, strings.TrimSuffix(data, "/"), bucket, data+byHour, format,
		errorsFolder+"!{firehose:error-output-type}/"+byHour, journalFolder+application+"/", s.S3URL)
	file = filepath.Join(folder, "standpipe.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return "", config.Config{}, unwritable(folder, err)
	}
	cfg, err = config.Load(config.Source{File: file})
	return file, cfg, err
}
