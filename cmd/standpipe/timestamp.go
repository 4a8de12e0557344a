package main

import (
	"fmt"
	"time"

	"standpipe/config"
	"standpipe/sink/eventtime"
)

// timestamp makes what finds the event times of an output's records, nil where they are filed under their arrival. What is wrong
// with path and format is added to problems.
func timestamp(cfg config.Config, i int, zone *time.Location, problems *config.Problems) *eventtime.Finder {
	o := cfg.Outputs[i]
	if o.Timestamp == "arrival" {
		return nil
	}
	path, err := eventtime.ParsePath(o.Timestamp)
	if err != nil {
		problems.Add(fmt.Sprintf("outputs[%d].timestamp", i), err.Error(), o.Timestamp)
	}
	format, err := eventtime.ParseFormat(o.TimestampFormat, zone)
	if err != nil {
		problems.Add(fmt.Sprintf("outputs[%d].timestamp_format", i), err.Error(), o.TimestampFormat)
	}
	return eventtime.New(eventtime.Options{Path: path, Format: format, Oldest: time.Duration(o.TimestampOldest), Newest: time.Duration(o.TimestampNewest)})
}

// filing says in words how an output's records are filed.
func filing(o config.Output, f *eventtime.Finder) string {
	how := "by " + o.Timestamp
	if !f.Plain() {
		how += ", a jq program that is run for each record"
	}
	how += ", read as " + o.TimestampFormat
	bound := func(limit config.Duration, side string) string {
		if limit == 0 {
			return ", however long " + side
		}
		return fmt.Sprintf(", at most %s %s", limit, side)
	}
	how += bound(o.TimestampOldest, "before") + bound(o.TimestampNewest, "after") + " its arrival; else "
	if o.TimestampOtherwise == "error" {
		return how + "to the error output"
	}
	return how + "by its arrival"
}
