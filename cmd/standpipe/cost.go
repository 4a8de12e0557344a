package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"standpipe/config"
	"standpipe/internal/cost"
)

// costFlags are what a bill depends on, as they were written.
type costFlags struct {
	recordSize, rate, source, compute, network string
	bufferSize, bufferMemory, prices           string
	formats, from                              []string

	interval, over              time.Duration
	shards, partitions, workers int
	headroom, jqHours           float64

	json, printPrices bool
}

func (p *program) costCommand() *cobra.Command {
	var o costFlags
	defaults := config.Default()
	cmd := &cobra.Command{
		Use:   "cost",
		Short: "Reckon what a month costs, with Firehose and with Standpipe",
		Long: `Cost puts two bills side by side: what Firehose charges for a stream, which counts each record rounded up to 5 KB, and
what Standpipe needs for the same: workers on Fargate or EC2, request units of the lease table, requests to S3. It says
which way is cheaper, and from which rate on. Small streams are cheaper with Firehose.

The stream is described by --record-size and --rate, or measured at running workers by --from. How it is delivered is read
from the configuration file, where one is named, else from the flags. Prices are AWS's list prices, and can be replaced.
It asks nobody on AWS. docs/cost.md has the method, and where each price comes from.`,
		Example: `  standpipe cost --record-size 300B --rate 1MB/s
  standpipe cost --record-size 2KB --rate 50/s --format parquet --interval 1m
  standpipe cost --record-size 1KiB --rate 100GB/day -c standpipe.yaml --json
  standpipe cost --from http://10.0.0.7:8080/metrics -c standpipe.yaml
  standpipe cost --print-prices > prices.yaml
  standpipe cost --record-size 300B --rate 1000/s --prices prices.yaml`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.printPrices {
				_, err := io.WriteString(p.stdout, cost.ListPricesYAML())
				return err
			}
			return p.cost(cmd, o)
		},
	}
	configFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&o.recordSize, "record-size", "", "mean size of a record, such as 300B or 2KB")
	f.StringVar(&o.rate, "rate", "", "what arrives on average: records as 1000/s, or bytes as 1MB/s; also /min, /h, /day, /month")
	f.StringSliceVar(&o.from, "from", nil, "metrics of running workers to take both from, such as http://10.0.0.7:8080/metrics; once for each")
	f.DurationVar(&o.over, "over", 30*time.Second, "of --from: how long to watch; 0 is the mean since the worker started")
	f.IntVar(&o.shards, "shards", 0, "shards of the stream; 0 is as few as the rate needs")
	f.StringVar(&o.source, "source", string(cost.Stream), "what Firehose would read: stream, a Kinesis data stream, as Standpipe; direct-put, for which Standpipe needs a stream; access-logs of API Gateway, which reach Standpipe through CloudWatch Logs and a stream")
	f.StringSliceVar(&o.formats, "format", []string{"ndjson"}, "outputs: ndjson, raw or parquet, with a codec as in ndjson/zstd")
	f.DurationVar(&o.interval, "interval", time.Duration(defaults.Buffer.Interval), "buffer.interval")
	f.StringVar(&o.bufferSize, "buffer-size", defaults.Buffer.Size.String(), "buffer.size")
	f.StringVar(&o.bufferMemory, "buffer-memory", defaults.Buffer.Memory.String(), "buffer.memory")
	f.IntVar(&o.partitions, "partitions", 0, "partitions that get records within an interval, where prefixes hold partition keys")
	f.Float64Var(&o.jqHours, "jq-hours", 0, "hours a month that Firehose would run jq for partition keys")
	f.StringVar(&o.compute, "compute", string(cost.Fargate), "what workers run on: fargate or ec2")
	f.StringVar(&o.network, "network", string(cost.PublicIP), "how workers reach AWS: public-ip, endpoint, nat, or paid, which costs nothing more")
	f.IntVar(&o.workers, "workers", 2, "workers at least; with 2 one can be lost")
	f.Float64Var(&o.headroom, "headroom", 2, "capacity of all workers over the mean load")
	f.StringVar(&o.prices, "prices", "", "YAML file of other prices, in the form of --print-prices; what it leaves out is the list price")
	f.BoolVar(&o.printPrices, "print-prices", false, "print the list prices and where they come from")
	f.BoolVar(&o.json, "json", false, "print JSON")
	return cmd
}

// listPrices is what prices are unless a file replaces them.
const listPrices = "list prices"

// costReport is what --json prints.
type costReport struct {
	Region   string `json:"region"`
	PricesOf string `json:"prices_as_of"`
	Prices   string `json:"prices"` // "list prices", or the file that replaces some
	Source   string `json:"source"`
	Interval string `json:"interval"`

	Outputs []cost.Output `json:"outputs"`
	cost.Estimate
	Assumptions []string `json:"assumptions"`
	LeftOut     []string `json:"left_out"`
}

func (p *program) cost(cmd *cobra.Command, o costFlags) error {
	prices, err := o.readPrices()
	if err != nil {
		return err
	}
	w, err := p.workload(cmd, o)
	if err != nil {
		return err
	}
	if err := p.measure(cmd, o, &w); err != nil {
		return err
	}
	estimate, err := cost.Reckon(w, prices)
	if err != nil {
		return usageError("reckon the cost: %w", err)
	}
	r := costReport{prices.Region, prices.AsOf, cmp.Or(o.prices, listPrices), string(w.Source), config.Duration(w.Interval).String(), w.Outputs, estimate, cost.Assumptions(w, prices, estimate), cost.LeftOut(w)}
	if o.json {
		return printJSON(p.stdout, r)
	}
	return r.print(p.stdout)
}

// readPrices are the list prices, and those of --prices in their place.
func (o costFlags) readPrices() (cost.Prices, error) {
	if o.prices == "" {
		return cost.ListPrices(), nil
	}
	text, err := os.ReadFile(o.prices)
	if err != nil {
		return cost.Prices{}, usageError("%w; `standpipe cost --print-prices` prints such a file", err)
	}
	prices, err := cost.ParsePrices(text)
	if err != nil {
		return prices, usageError("%s: %w", o.prices, err)
	}
	return prices, nil
}

// headline is what arrives.
func (r costReport) headline() string {
	return fmt.Sprintf("%s of %s a second (%s/s)", recordsText(r.RecordsPerSecond), sizeText(r.RecordBytes), sizeText(r.BytesPerSecond))
}
