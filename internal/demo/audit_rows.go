package demo

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"standpipe/internal/parquetread"
)

// rows reads a Parquet file, by a library that did not write it, and judges its rows.
func (a *auditor) rows(path, key string, hour time.Time) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	n, columns, err := parquetread.Columns(data)
	if err != nil {
		return err
	}
	values := map[string][]any{}
	for _, c := range columns {
		if len(c.Path) != 1 || int64(len(c.Values)) != n {
			return fmt.Errorf("column %v is nested, or has %d values for %d rows", c.Path, len(c.Values), n)
		}
		values[c.Path[0]] = c.Values
	}
	for i := range int(n) {
		var c call
		cell(values, "requestid", i, &c.RequestID)
		cell(values, "ip", i, &c.IP)
		cell(values, "user", i, &c.User)
		cell(values, "httpmethod", i, &c.HTTPMethod)
		cell(values, "resourcepath", i, &c.ResourcePath)
		cell(values, "status", i, &c.Status)
		cell(values, "protocol", i, &c.Protocol)
		cell(values, "responselength", i, &c.ResponseLength)
		cell(values, "requesttime", i, &c.RequestTime)
		c.RequestTime /= 1000 // from microseconds
		a.found.Lines++
		a.row(c, fmt.Sprintf("%s row %d", key, i+1), hour)
	}
	return nil
}

// cell takes a value where there is one of its type; else the row's digest will not be the right one.
func cell[T any](values map[string][]any, column string, row int, to *T) {
	if column := values[column]; row < len(column) {
		if v, ok := column[row].(T); ok {
			*to = v
		}
	}
}

func (a *auditor) row(c call, where string, hour time.Time) {
	a.found.Calls[c.metered()]++
	number, v, p, ok := a.truth.find([]byte(c.RequestID), place{})
	if !ok {
		a.fault(unknown, where)
		return
	}
	a.saw(number, false)
	if v.rejected {
		a.fault(misplaced, where)
	} else if c.digest() != v.want {
		a.fault(altered, where)
	}
	a.hour(p, hour, where)
	if line, err := json.Marshal(c); err == nil && len(a.found.Samples) < 2 {
		a.found.Samples = append(a.found.Samples, string(line)[:min(len(line), sampleLength)])
	}
}

// meter compares the counts of calls with the truth's. The caller holds the truth's lock.
func (a *auditor) meter() {
	for m, n := range a.truth.calls {
		if got := a.found.Calls[m]; got != n {
			a.fault(miscounted, fmt.Sprintf("%s in the hour of %s: %d calls, %d were made", m.user, m.time(), got, n))
		}
	}
	for m, n := range a.found.Calls {
		if a.truth.calls[m] == 0 {
			a.fault(miscounted, fmt.Sprintf("%s in the hour of %s: %d calls, none were made", m.user, m.time(), n))
		}
	}
}

func (m metered) time() string { return time.UnixMilli(m.hour).UTC().Format(time.RFC3339) }
