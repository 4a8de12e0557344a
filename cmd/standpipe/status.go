package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"standpipe/config"
	"standpipe/consumer"
	"standpipe/internal/status"
)

const (
	statusEvery = 2 * time.Second  // between two looks with --watch
	statusLimit = 20 * time.Second // for a look
)

func (p *program) statusCommand() *cobra.Command {
	var asJSON, watch bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say how an application is: workers, shards, batches, what is wrong",
		Long: `Status reads the lease table, in which each worker says at every heartbeat how it is, and asks Kinesis how far behind
those shards are of which no worker tells. It writes nothing and needs no way to the workers. The status page of a worker
(server.listen) shows the same, and besides its paths, commits and charts.

The exit code is 0 if it is well or mends itself, 3 if something is wrong that somebody should look at, and 1 if the lease
table can not be read or does not exist. With --watch it looks every 2 s, until a signal, which is no error; on a terminal
it draws over what it drew before, elsewhere it appends.`,
		Example: `  standpipe status -c standpipe.yaml
  standpipe status -c standpipe.yaml --watch
  standpipe status -c standpipe.yaml --json | jq '.shards.lag_seconds'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := p.load(cmd)
			if err != nil {
				return err
			}
			return p.status(cmd.Context(), cfg, asJSON, watch)
		},
	}
	configFlag(cmd)
	config.Flags(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the status as JSON, in the form of /status; with --watch a line for each look")
	cmd.Flags().BoolVar(&watch, "watch", false, "look again every 2 s until a signal")
	return cmd
}

func (p *program) status(ctx context.Context, cfg config.Config, asJSON, watch bool) error {
	svc, err := connect(ctx, cfg, zerolog.Nop())
	if err != nil {
		return err
	}
	defer svc.close()
	if err := svc.verifyToLook(ctx, cfg); err != nil {
		return unlessEnded(ctx, err)
	}
	view := svc.outside(cfg)
	look := func() (*status.Snapshot, error) {
		limited, cancel := context.WithTimeout(ctx, statusLimit)
		defer cancel()
		s, err := view.Look(limited)
		return s, unlessEnded(ctx, brief(err))
	}
	if watch {
		return p.watchStatus(ctx, look, asJSON)
	}
	s, err := look()
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(p.stdout, s)
	} else {
		_, err = io.WriteString(p.stdout, statusText(s, terminal(p.stdout) && p.getenv("NO_COLOR") == ""))
	}
	if err != nil || s.Verdict.Level != status.Bad {
		return err
	}
	return &codedError{exitPartial, errors.New(printable(s.Verdict.Headline))}
}

// verifyToLook tries credentials and lease table, and says so where that does not exist or is another stream's.
func (s *services) verifyToLook(ctx context.Context, cfg config.Config) error {
	limited, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := s.verifyCredentials(limited); err != nil {
		return err
	}
	name := cfg.Leases.Table
	_, err := s.dynamodb.DescribeTable(limited, &dynamodb.DescribeTableInput{TableName: &name}, retryDynamoDB)
	if err != nil {
		return explain(err, request{
			service: "DynamoDB", endpoint: aws.ToString(s.dynamodb.Options().BaseEndpoint), key: "leases.endpoint", region: s.region,
			doing: "describe table " + name, thing: "table " + name, denied: "allow dynamodb:DescribeTable, Scan and GetItem on it",
			missing: fmt.Sprintf("lease table %s does not exist in %s: no worker of application %s has ever started there; start one with `standpipe run`, or set leases.table, leases.application and stream.region as the workers have them", name, s.region, cfg.Leases.Application),
		})
	}
	return rightTable(limited, cfg, consumer.NewTable(dynamodb.New(s.dynamodb.Options(), retryDynamoDB), name))
}

// outside looks at the configured application.
func (s *services) outside(cfg config.Config) *status.Outside {
	table := consumer.NewTable(dynamodb.New(s.dynamodb.Options(), retryDynamoDB), cfg.Leases.Table)
	return &status.Outside{
		Application: cfg.Leases.Application, Stream: cfg.Stream.Name, Table: cfg.Leases.Table, Program: programVersion(), Limits: statusLimits(cfg),
		Scan: table.Snapshot,
		List: func(ctx context.Context) (map[string][]string, error) { return shardParents(ctx, s, cfg) },
		Retention: func(ctx context.Context) (time.Duration, error) {
			in := &kinesis.DescribeStreamSummaryInput{StreamName: &cfg.Stream.Name}
			if cfg.Stream.ARN != "" {
				in = &kinesis.DescribeStreamSummaryInput{StreamARN: &cfg.Stream.ARN}
			}
			out, err := s.kinesis.DescribeStreamSummary(ctx, in)
			if err != nil {
				return 0, err
			}
			return time.Duration(aws.ToInt32(out.StreamDescriptionSummary.RetentionPeriodHours)) * time.Hour, nil
		},
		Lag: func(ctx context.Context, l consumer.Lease, app consumer.Application) (time.Duration, error) {
			return consumer.Lag(ctx, s.kinesis, cfg.Stream.Name, cfg.Stream.ARN, l, app)
		},
	}
}
