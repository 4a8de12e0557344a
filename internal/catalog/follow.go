package catalog

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/rs/zerolog"

	"standpipe/internal/awserr"
	"standpipe/sink/parquet"
)

// Taker is an output whose columns come from a table.
type Taker struct {
	Output  string
	Options parquet.Options // of the output; the table's SerDe properties come first
	// Format lays out the files of a schema.
	Format func(*parquet.Schema) (*parquet.Format, error)
}

// Source is a table from which outputs take their columns. It is asked once for all of them. Load comes first; then one
// goroutine may follow it.
type Source struct {
	Table  Ref
	Glue   Getter
	Every  time.Duration  // between two questions, with a fifth of jitter either way
	Jitter func() float64 // in [0, 1); nil = math/rand/v2
	Takers []Taker

	taken   []taken
	failing bool // the last question had no answer
}

// taken is what an output has of the table.
type taken struct {
	*Definition
	format *parquet.Format
	unfit  string // why the table's newest definition is not it; "" if it is
}

// Load asks for the table once, for all outputs. The error is that of the request, or an *UnusableError, and leaves
// everything as it was.
func (s *Source) Load(ctx context.Context) error {
	t, err := get(ctx, s.Glue, s.Table)
	if err != nil {
		return err
	}
	fresh := make([]taken, len(s.Takers))
	for i, out := range s.Takers {
		if fresh[i], err = s.take(t, out); err != nil {
			return err
		}
	}
	s.taken = fresh
	return nil
}

func (s *Source) take(t *types.Table, out Taker) (taken, error) {
	d, err := Define(s.Table, t, out.Options)
	if err != nil {
		return taken{}, err
	}
	format, err := out.Format(d.Schema)
	if err != nil {
		return taken{}, &UnusableError{s.Table, []string{err.Error()}}
	}
	return taken{Definition: d, format: format}, nil
}

// Formats are what Load has found, by output.
func (s *Source) Formats() map[string]*parquet.Format {
	by := map[string]*parquet.Format{}
	for i, t := range s.taken {
		by[s.Takers[i].Output] = t.format
	}
	return by
}

// Definitions are what Load has found, by output.
func (s *Source) Definitions() map[string]*Definition {
	by := map[string]*Definition{}
	for i, t := range s.taken {
		by[s.Takers[i].Output] = t.Definition
	}
	return by
}

// Follow asks for the table until ctx ends, and hands the formats of outputs whose columns have changed to reformat, those
// of one change together. What can not be used, and a Glue that does not answer, leave everything as it is; each is logged
// once until it changes.
func (s *Source) Follow(ctx context.Context, reformat func(map[string]*parquet.Format), m *Metrics, log zerolog.Logger) {
	log = log.With().Str("table", s.Table.String()).Logger()
	jitter := s.Jitter
	if jitter == nil {
		jitter = rand.Float64
	}
	for _, out := range s.Takers {
		m.changes.WithLabelValues(out.Output)
		m.refused.WithLabelValues(out.Output).Set(0)
	}
	m.failures.WithLabelValues("GetTable")
	for {
		wait := time.NewTimer(time.Duration((0.8 + 0.4*jitter()) * float64(s.Every)))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		}
		t, err := get(ctx, s.Glue, s.Table)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !gone(err) {
			m.failures.WithLabelValues("GetTable").Inc()
			if !s.failing {
				log.Warn().Str("cause", awserr.Cause(err)).Int64("again_ms", s.Every.Milliseconds()).Msg("Glue was asked for the table and did not tell: the columns stay as they are")
			}
			s.failing = true
			continue
		}
		if s.failing {
			log.Info().Msg("Glue answers again")
		}
		s.failing = false
		if changed := s.look(t, m, log); len(changed) > 0 {
			reformat(changed)
		}
	}
}

// look compares the table, nil when it is gone, with what the outputs have of it.
func (s *Source) look(t *types.Table, m *Metrics, log zerolog.Logger) map[string]*parquet.Format {
	changed := map[string]*parquet.Format{}
	for i, out := range s.Takers {
		var fresh taken
		var err error = &UnusableError{s.Table, []string{"it does not exist any more; create it again"}}
		if t != nil {
			fresh, err = s.take(t, out)
		}
		have, log := &s.taken[i], log.With().Str("output", out.Output).Logger()
		var unfit *UnusableError
		switch {
		case errors.As(err, &unfit):
			m.refused.WithLabelValues(out.Output).Set(1)
			if have.unfit != unfit.Error() {
				log.Error().Err(unfit).Str("version", have.Version).Msg("the table's definition is refused: files keep the columns of this version")
			}
			have.unfit = unfit.Error()
			continue
		case fresh.equal(have.Definition):
			if have.unfit != "" {
				log.Info().Str("version", fresh.Version).Msg("the table can be used again: its columns are those that files have")
			}
			have.Definition, have.unfit = fresh.Definition, ""
		default:
			log.Info().Str("version", fresh.Version).Str("cause", fresh.Difference(have.Definition)).Msg("the table's columns have changed: from the next batch on files have them")
			for _, note := range fresh.Notes {
				log.Warn().Msg(note)
			}
			*have, changed[out.Output] = fresh, fresh.format
			m.changes.WithLabelValues(out.Output).Inc()
		}
		m.refused.WithLabelValues(out.Output).Set(0)
	}
	return changed
}
