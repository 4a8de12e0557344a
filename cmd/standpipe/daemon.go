package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"standpipe/config"
	"standpipe/consumer"
	"standpipe/internal/catalog"
	"standpipe/internal/httpserver"
	"standpipe/internal/status"
	"standpipe/internal/statuspage"
	"standpipe/internal/tracing"
	"standpipe/sink"
	"standpipe/sink/steps"
	"standpipe/sink/steps/transform"
)

// daemonHooks let callers in this process see into a daemon. The zero value is for the command line.
type daemonHooks struct {
	// registry takes the daemon's metrics; nil: one of its own. Two daemons can not share one.
	registry *prometheus.Registry
	// listening is told the address of the HTTP server once it can be asked.
	listening func(net.Addr)
	// visible is told of the objects of each batch that became visible, perhaps twice. It must not wait.
	visible func([]sink.JournalObject)
	// stopWithin is how long a stop may take; 0: 18 s, which fits into the 30 s that ECS gives.
	stopWithin time.Duration
	// replay limits the daemon to a time, after which it ends; nil: no limit.
	replay *consumer.Replay
	// ready is called once stream, table and buckets were found, before anything is made of the hooks; nil: nothing to do.
	ready func(context.Context, *services) error
	// stdout gets lines of metrics where the configuration asks for them; nil: none.
	stdout io.Writer
	// tracer gets the traces of batches; runDaemon sets it by the environment.
	tracer trace.Tracer
	// reading is given the consumer, and called again when it has ended; nil: nobody watches.
	reading func(*consumer.Consumer) (ended func())
}

// runDaemon carries records from the stream to the outputs until ctx ends, then stops in order. cfg is as
// config.Load returned it without an error. It returns nil when nothing was left behind. Its error has a
// sentence for users a line; before the first record is read it may be a config.Problems.
func runDaemon(ctx context.Context, cfg config.Config, log zerolog.Logger, out daemonHooks) error {
	pipe, err := newPipeline(cfg)
	if err != nil {
		return err
	}
	log.Info().Str("version", version()).Str("stream", cfg.Stream.Name).Str("application", cfg.Leases.Application).Msg("starting")
	for _, w := range pipe.warnings {
		log.Warn().Msg(w)
	}
	var ln net.Listener
	if cfg.Server.Listen != "" {
		if ln, err = httpserver.Listen(ctx, cfg.Server.Listen); err != nil {
			return err
		}
		defer func() { _ = ln.Close() }() // the server has closed it already where it ran
	}
	svc, err := connect(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer svc.close()
	for _, w := range svc.warnings {
		log.Warn().Msg(w)
	}
	for _, r := range svc.roles {
		log.Info().Str("role", r.ARN).Str("for", list(r.uses)).Msg("assuming a role")
	}
	err = svc.verify(ctx, cfg, startLimit)
	switch {
	case ctx.Err() != nil:
		log.Info().Msg("stopped before reading began")
		return nil
	case err != nil:
		return err
	}
	if out.ready != nil {
		if err := out.ready(ctx, svc); err != nil {
			return unlessEnded(ctx, brief(err))
		}
	}
	if out.registry == nil {
		out.registry = prometheus.NewRegistry()
	}
	out.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector())
	tracer, endTraces, err := tracing.Start(ctx, tracing.Options{Worker: svc.worker, Version: programVersion(), Log: log})
	if err != nil {
		return usageError("%w", err)
	}
	out.tracer = tracer
	s, c, board := wire(ctx, cfg, pipe, svc, log, out)
	var last sync.WaitGroup // what is told when all is done, while the server ends
	defer last.Wait()
	carry := func(ctx context.Context) error {
		defer watched(ctx, board)()
		unfollow := svc.follow(ctx, cfg, s, log)
		if out.reading != nil {
			defer out.reading(c)()
		}
		end := emitMetrics(ctx, cfg, svc.worker, out.registry, out.stdout, log)
		err := c.Run(ctx)
		unfollow()
		last.Go(end)
		last.Go(endTraces)
		if err == nil {
			log.Info().Msg("stopped; everything that was read is in S3")
		}
		return err
	}
	if ln == nil {
		return brief(carry(ctx))
	}
	return brief(beside(ctx, carry, func(ctx context.Context) error {
		log.Info().Str("address", ln.Addr().String()).Msg("listening")
		if out.listening != nil {
			out.listening(ln.Addr())
		}
		server := httpserver.New(httpserver.Options{
			Snapshot: snapshot(s, c, pipe.steps, time.Now()), Metrics: out.registry, Log: log,
			Page:   statuspage.Handler(board.Snapshot),
			Limits: httpserver.Limits{Failover: time.Duration(cfg.Leases.Failover), Interval: time.Duration(cfg.Buffer.Interval)},
		})
		board.Heed(server.Unready)
		return server.Serve(ctx, ln)
	}))
}

// wire makes a sink and a consumer that share the lease table, the memory budget and the registry, and a board that shows
// both.
func wire(ctx context.Context, cfg config.Config, pipe *pipeline, svc *services, log zerolog.Logger, out daemonHooks) (*sink.Sink, *consumer.Consumer, *status.Board) {
	worker := svc.worker
	log = log.With().Str("worker", worker).Logger()
	table := consumer.NewTable(svc.dynamodb, cfg.Leases.Table)
	svc.measured = catalog.NewMetrics(out.registry)
	svc.giveColumns(pipe, log)
	for _, r := range svc.registers {
		r.Metric, r.Log = svc.measured, log
	}
	memory := sink.NewMemory(int64(cfg.Buffer.Memory))
	svc.giveFunctions(cfg, pipe, memory, transform.NewMetrics(out.registry), log)
	// The sink has its last batch to commit after ctx has ended: Consumer.Run stops it.
	opts := sinkOptions(cfg, pipe, svc, log, out.registry, memory)
	opts.Visible, opts.Ledger, opts.Tracer = svc.visible(out.visible), table, out.tracer
	s := sink.New(context.WithoutCancel(ctx), opts)
	var board *status.Board
	c := consumer.New(consumer.Options{
		Application: cfg.Leases.Application, Stream: cfg.Stream.Name, ARN: cfg.Stream.ARN, Region: svc.region,
		Start: cfg.Stream.InitialPosition, Poll: time.Duration(cfg.Stream.PollInterval),
		StopWithin: out.stopWithin, Failover: time.Duration(cfg.Leases.Failover), MaxLeases: cfg.Leases.MaxLeases,
		Worker: worker, DropOutOfRange: cfg.KPL.OutOfRange == "drop", PartitionKeys: asksForKeys(pipe.steps),
		Kinesis: svc.kinesis, Table: table, Sink: s, Memory: memory,
		Replay: out.replay,
		Steps:  steps.NewChain(pipe.steps, memory, out.registry),
		Log:    log, Registry: out.registry,
		Report: func(room int) string { return board.Report(room) },
	})
	board = newBoard(cfg, worker, pipe.steps, s, c)
	return s, c, board
}

// sinkOptions are those of a sink by a configuration, but for its ledger and who is told what became visible.
func sinkOptions(cfg config.Config, pipe *pipeline, svc *services, log zerolog.Logger, registry prometheus.Registerer, memory *sink.Memory) sink.Options {
	return sink.Options{
		Application: cfg.Leases.Application, Worker: svc.worker, Version: programVersion(),
		Outputs: pipe.outputs, Errors: pipe.errors,
		JournalBucket: cfg.Journal.Bucket, JournalPrefix: cfg.Journal.Prefix,
		Size: int64(cfg.Buffer.Size), Interval: time.Duration(cfg.Buffer.Interval), Memory: memory,
		NewID:  func() string { return uuid.Must(uuid.NewV7()).String() },
		Random: uuid.NewString,
		Store:  svc.store(cfg, sink.S3Options{}),
		Log:    log, Registry: registry,
	}
}

// beside runs work with a server beside it. The server outlives the work, so that a stop can be watched;
// when it fails, the work is stopped.
func beside(ctx context.Context, work, server func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	served := make(chan error, 1)
	go func() {
		defer cancel()
		served <- server(serving)
	}()
	err := work(ctx)
	end()
	return errors.Join(err, <-served)
}

// workerID is unique for each start, so that a worker never takes its predecessor's leases for its own.
func workerID() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "worker"
	}
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return host + "-" + hex.EncodeToString(b[:])
}
