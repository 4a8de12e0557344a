package demo

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// errorLine is what the audit looks at in a line of the error output.
type errorLine struct {
	RawData          []byte `json:"rawData"`
	ErrorCode        string `json:"errorCode"`
	ErrorMessage     string `json:"errorMessage"`
	ArrivalTimestamp int64  `json:"arrivalTimestamp"`
	ShardID          string `json:"shardId"`
	SequenceNumber   string `json:"sequenceNumber"`
	LastErrorCode    string `json:"lastErrorCode"`    // of a record that could not be converted
	LastErrorMessage string `json:"lastErrorMessage"` // the same
}

// object reads one file and judges its lines. What was read before an error counts.
func (a *auditor) object(path, key string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	hour, err := hourOf(key)
	if err != nil {
		return err
	}
	if strings.HasSuffix(key, ".parquet") {
		return a.rows(path, key, hour)
	}
	raw := bufio.NewReaderSize(f, 64<<10)
	if !strings.HasSuffix(key, ".gz") {
		return a.lines(raw, key, hour)
	}
	z, err := gzip.NewReader(raw)
	if err != nil {
		return err
	}
	z.Multistream(false)
	if err := a.lines(bufio.NewReaderSize(z, 64<<10), key, hour); err != nil {
		return err
	}
	if _, err := raw.ReadByte(); err != io.EOF {
		return errors.New("something follows the gzip member; some readers would not see it")
	}
	return nil
}

func (a *auditor) lines(r *bufio.Reader, key string, hour time.Time) error {
	rejected := strings.HasPrefix(key, errorsFolder)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return nil
		}
		if err == io.EOF {
			err = errors.New("the last line has no end")
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		line = line[:len(line)-1]
		where := fmt.Sprintf("%s line %d", key, n)
		if !json.Valid(line) || !utf8.Valid(line) || bytes.IndexByte(line, '\r') >= 0 {
			a.fault(notJSON, where)
		}
		if rejected {
			a.found.ErrorLines++
			a.errorLine(line, where, hour)
		} else {
			a.found.Lines++
			a.dataLine(line, where, hour)
		}
	}
}

func (a *auditor) dataLine(line []byte, where string, hour time.Time) {
	number, v, p, ok := a.truth.find(line, place{})
	if !ok {
		a.fault(unknown, where)
		return
	}
	a.saw(number, false)
	if v.rejected {
		a.fault(misplaced, where)
	} else if digestOf(line) != v.want {
		a.fault(altered, where)
	}
	a.hour(p, hour, where)
	a.found.Samples = sample(a.found.Samples, line)
}

func (a *auditor) errorLine(line []byte, where string, hour time.Time) {
	var e errorLine
	if err := json.Unmarshal(line, &e); err != nil {
		a.fault(badErrorLine, fmt.Sprintf("%s: %v", where, err))
		return
	}
	at := place{e.ShardID, e.SequenceNumber}
	number, v, p, ok := a.truth.find(e.RawData, at)
	if !ok {
		a.fault(unknown, where)
		return
	}
	a.saw(number, true)
	if !v.rejected {
		a.fault(misplaced, where)
	} else if digestOf(e.RawData) != v.want {
		a.fault(altered, where)
	}
	if at != p.place || e.ErrorCode+e.LastErrorCode == "" || e.ErrorMessage+e.LastErrorMessage == "" || !p.arrival.IsZero() && e.ArrivalTimestamp != p.arrival.UnixMilli() {
		a.fault(badErrorLine, where)
	}
	a.hour(p, hour, where)
	if len(e.RawData) == 0 {
		return
	}
	a.found.ErrorSamples = sample(a.found.ErrorSamples, line)
}

func (a *auditor) hour(p put, hour time.Time, where string) {
	if !p.arrival.IsZero() && !p.arrival.UTC().Truncate(time.Hour).Equal(hour) {
		a.fault(wrongHour, fmt.Sprintf("%s: arrived %s", where, p.arrival.UTC().Format(time.RFC3339)))
	}
}

const (
	samplesEach  = 4
	sampleLength = 600
	sampleStart  = 8 // lines that begin alike up to here are of one kind
)

// sample keeps a line unless it is long or there is one of its kind.
func sample(kept []string, line []byte) []string {
	if len(kept) == samplesEach || len(line) > sampleLength {
		return kept
	}
	start := string(line[:min(sampleStart, len(line))])
	for _, k := range kept {
		if strings.HasPrefix(k, start) {
			return kept
		}
	}
	return append(kept, string(line))
}
