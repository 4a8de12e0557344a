package endtoend

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/rs/zerolog"

	"standpipe/sink"
	"standpipe/sink/steps"
	"standpipe/sink/steps/transform"
)

// functions are a worker's steps that call functions, which the world has by their names.
func (w *World) functions(cfg aws.Config, names []string, memory *sink.Memory, log zerolog.Logger, jitter func() float64) (list []steps.Step) {
	client := lambda.NewFromConfig(cfg, func(o *lambda.Options) { o.BaseEndpoint = aws.String("http://lambda") })
	for _, name := range names {
		l := transform.New(name, transform.Options{Function: name, BufferSize: 200, Parallel: 2, Retries: 3, Timeout: 5 * time.Second})
		l.Connect(transform.Link{
			Client: client, DeliveryStreamARN: "arn:aws:firehose:eu-west-1:000000000000:deliverystream/test", StreamARN: "arn:aws:kinesis:eu-west-1:000000000000:stream/" + Stream, Region: "eu-west-1",
			Memory: memory, Metrics: transform.NewMetrics(nil), Log: log, Jitter: jitter,
		})
		list = append(list, l)
	}
	return list
}
