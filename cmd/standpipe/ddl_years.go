package main

import (
	"cmp"
	"fmt"
	"time"

	"standpipe/config"
)

// years says which times an output's partitions have: from which year on, and how far after now. Without a bound for events,
// they are those of a record's arrival and of the day after it.
func (o ddlFlags) years(c config.Output) (first int, ahead time.Duration) {
	var oldest time.Duration
	if c.Timestamp != "arrival" {
		oldest, ahead = time.Duration(c.TimestampOldest), cmp.Or(time.Duration(c.TimestampNewest), 24*time.Hour)
	}
	recent := time.Now().Add(-oldest).Year() - 1 // a stream keeps records for a year at most
	return cmp.Or(o.since, max(1970, recent)), ahead
}

// unbounded says what a table does not show of an output whose events may have happened at any time.
func (o ddlFlags) unbounded(c config.Output) (notes []string) {
	const computed = "Athena and Trino, which compute the partitions, show those "
	if c.Timestamp != "arrival" && c.TimestampOldest == 0 && o.since == 0 {
		year, _ := o.years(c)
		notes = append(notes, fmt.Sprintf("output %s files events however old (timestamp_oldest is 0s): "+computed+"from %d on; name an earlier year with --since", c.Name, year))
	}
	if c.Timestamp != "arrival" && c.TimestampNewest == 0 {
		notes = append(notes, fmt.Sprintf("output %s files events of any time to come (timestamp_newest is 0s): "+computed+"of the next day", c.Name))
	}
	return notes
}
