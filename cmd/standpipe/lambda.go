package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/rs/zerolog"

	"standpipe/config"
	"standpipe/sink"
	"standpipe/sink/steps"
	"standpipe/sink/steps/transform"
)

// function is a Lambda function that steps call, all with the same access to it.
type function struct {
	name     string   // or ARN
	section  string   // that names it first, such as steps[0].lambda
	steps    []string // names of the steps
	region   string
	endpoint string
	role     *role // nil: the program's own identity
	client   *lambda.Client
}

// lambdaFunctions notes the functions of all steps and the roles that they are called with.
func (s *services) lambdaFunctions(loaded aws.Config, cfg config.Config) {
	for i, st := range cfg.Steps {
		l, section := st.Lambda, fmt.Sprintf("steps[%d].lambda", i)
		if l.Function == "" {
			continue
		}
		f := &function{name: l.Function, section: section, region: cmp.Or(l.Region, loaded.Region), endpoint: l.Endpoint, role: s.roleFor(l.Role(), section, "Lambda function "+l.Function)}
		same := func(known *function) bool {
			return known.name == f.name && known.region == f.region && known.endpoint == f.endpoint && known.role == f.role
		}
		if n := slices.IndexFunc(s.functions, same); n >= 0 {
			f = s.functions[n]
		} else {
			s.functions = append(s.functions, f)
		}
		f.steps = append(f.steps, st.Name)
	}
}

// connectLambda makes a client for each function, which does not retry: its steps do. They also limit the time of a call,
// which answers only when the function ends.
func (s *services) connectLambda(loaded aws.Config) {
	if len(s.functions) == 0 {
		return
	}
	loaded.HTTPClient = s.pool(httpClient(), 0)
	for _, f := range s.functions {
		f.client = lambda.NewFromConfig(loaded, func(o *lambda.Options) {
			o.Retryer = aws.NopRetryer{}
			o.Region = f.region
			s.place("Lambda", f.endpoint, &o.BaseEndpoint, &o.Credentials, f.role)
		})
		f.endpoint = aws.ToString(f.client.Options().BaseEndpoint)
	}
}

// verify finds out whether the function may be called, without calling it.
func (f *function) verify(ctx context.Context) error {
	if err := f.role.verify(ctx); err != nil {
		return err
	}
	_, err := f.client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &f.name, InvocationType: types.InvocationTypeDryRun}, func(o *lambda.Options) { o.Retryer = persist() })
	name := "function " + f.name
	return explain(err, request{
		service: "Lambda", endpoint: f.endpoint, key: f.section + ".endpoint", region: f.region,
		doing: "try out " + name, thing: name,
		missing: fmt.Sprintf("%s does not exist in %s%s: create it, or set %s.function or region", name, f.region, f.role.account(), f.section),
		denied:  "allow lambda:InvokeFunction on it" + f.role.to(),
	})
}

// nameStream finds out the stream's ARN, which functions are told. A redrive does without, should the stream be gone.
func (s *services) nameStream(ctx context.Context, cfg config.Config) error {
	_ = s.verifyStream(ctx, cfg)
	return nil
}

// giveFunctions connects the steps that call functions with them. Requests name the application where Firehose names its
// own stream.
func (s *services) giveFunctions(cfg config.Config, pipe *pipeline, memory *sink.Memory, metrics *transform.Metrics, log zerolog.Logger) {
	stream, region := cmp.Or(cfg.Stream.ARN, s.streamARN), s.region
	link := transform.Link{StreamARN: stream, DeliveryStreamARN: deliveryStream(stream, cfg.Leases.Application), Region: region, Memory: memory, Metrics: metrics, Log: log}
	for _, st := range pipe.steps {
		l, ok := st.(*transform.Lambda)
		if !ok {
			continue
		}
		for _, f := range s.functions {
			if slices.Contains(f.steps, l.Name()) {
				link.Client = f.client
				l.Connect(link)
			}
		}
	}
}

// deliveryStream is an ARN in the form of Firehose's, beside the stream.
func deliveryStream(stream, application string) string {
	parts := strings.SplitN(stream, ":", 6) // arn:aws:kinesis:<region>:<account>:stream/<name>
	if len(parts) < 6 {
		return ""
	}
	parts[2], parts[5] = "firehose", "deliverystream/"+application
	return strings.Join(parts, ":")
}

// newLambda makes the step that calls a function.
func newLambda(s config.Step) *transform.Lambda {
	l := s.Lambda
	return transform.New(s.Name, transform.Options{
		Function: l.Function, BufferSize: int64(l.BufferSize), Parallel: l.Parallel, Retries: l.Retries, Timeout: time.Duration(l.Timeout),
	})
}

// asksForKeys says whether a step is told the partition keys of the stream.
func asksForKeys(list []steps.Step) bool {
	return slices.ContainsFunc(list, func(s steps.Step) bool {
		_, ok := s.(*transform.Lambda)
		return ok
	})
}

// troubled is a step whose calls may fail for longer.
type troubled interface{ Troubles() []sink.Trouble }

// troublesOf gives what fails now in steps.
func troublesOf(list []steps.Step) (all []sink.Trouble) {
	for _, s := range list {
		if t, ok := s.(troubled); ok {
			all = append(all, t.Troubles()...)
		}
	}
	return all
}
