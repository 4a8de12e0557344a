package partition

import "time"

// limits are the values that each field may have.
var limits = [fieldCount][2]int64{
	eraField: {0, 1}, yearOfEraField: {1, 999_999_999}, yearField: {-999_999_999, 999_999_999}, monthField: {1, 12}, dayOfMonthField: {1, 31},
	dayOfYearField: {1, 366}, dayOfWeekField: {0, 6}, halfField: {0, 1}, hourField: {0, 24}, clockHourField: {0, 24}, halfHourField: {0, 11},
	clockHalfHourField: {0, 12}, minuteField: {0, 59}, secondField: {0, 59}, nanoField: {0, 999_999_999}, milliField: {0, 999},
	milliOfDayField: {0, 86_400_000 - 1}, nanoOfDayField: {0, 86_400e9 - 1}, offsetField: {-mostOffset, mostOffset},
}

// resolve makes a time of the fields, as java.time.format.Parsed does.
func (r *reading) resolve(loc *time.Location) (t time.Time, ok bool) {
	for f := range fieldCount {
		if v := r.values[f]; r.has(f) && (v < limits[f][0] || v > limits[f][1]) {
			return t, false
		}
	}
	day, ok := r.day()
	if !ok || !r.clock() {
		return t, false
	}
	h, m, s, ns := r.values[hourField], r.values[minuteField], r.values[secondField], r.values[nanoField]
	if h == 24 && (m != 0 || s != 0 || ns != 0) || !r.agrees(day, h%24) {
		return t, false
	}
	wall := day.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(ns))
	switch {
	case r.has(offsetField):
		return wall.Add(-time.Duration(r.values[offsetField]) * time.Second), true
	case r.fixed:
		return wall.Add(-time.Duration(r.shift) * time.Second), true
	case r.zone != nil:
		loc = r.zone
	}
	return AtZone(wall, loc), true
}

// day makes a day of the fields, in UTC, and removes those that it is made of.
func (r *reading) day() (day time.Time, ok bool) {
	if r.has(yearOfEraField) {
		y, before := r.take(yearOfEraField), r.has(yearField) && r.values[yearField] <= 0
		if r.has(eraField) {
			before = r.take(eraField) == 0
		}
		if before {
			y = 1 - y
		}
		if !r.put(yearField, y) {
			return day, false
		}
	}
	if !r.has(yearField) {
		return day, false
	}
	y := int(r.values[yearField])
	switch {
	case r.has(monthField) && r.has(dayOfMonthField):
		m, d := time.Month(r.take(monthField)), int(r.take(dayOfMonthField))
		last := time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
		return time.Date(y, m, min(d, last), 0, 0, 0, 0, time.UTC), true
	case r.has(dayOfYearField):
		day = time.Date(y, time.January, int(r.take(dayOfYearField)), 0, 0, 0, 0, time.UTC)
		return day, day.Year() == y
	}
	return day, false
}

// clock makes hour, minute, second and nanosecond of the fields.
func (r *reading) clock() bool {
	ok := true
	to := func(f field, v int64) { ok = ok && r.put(f, v) }
	if r.has(clockHourField) {
		to(hourField, r.take(clockHourField)%24)
	}
	if r.has(clockHalfHourField) {
		to(halfHourField, r.take(clockHalfHourField)%12)
	}
	if r.has(halfField) && r.has(halfHourField) {
		to(hourField, r.take(halfField)*12+r.take(halfHourField))
	}
	if r.has(nanoOfDayField) {
		v := r.take(nanoOfDayField)
		to(hourField, v/3600e9)
		to(minuteField, v/60e9%60)
		to(secondField, v/1e9%60)
		to(nanoField, v%1e9)
	}
	if r.has(milliOfDayField) {
		v := r.take(milliOfDayField)
		to(milliField, v%1000)
		to(hourField, v/3600_000)
		to(minuteField, v/60_000%60)
		to(secondField, v/1000%60)
	}
	if r.has(milliField) {
		v := r.take(milliField) * 1e6
		if r.has(nanoField) {
			v += r.values[nanoField] % 1e6
		}
		to(nanoField, v)
	}
	if !r.has(hourField) {
		ok = ok && r.set&(1<<halfHourField|1<<halfField|1<<minuteField|1<<secondField|1<<nanoField) == 0
	}
	return ok && (r.has(minuteField) || !r.has(secondField) && !r.has(nanoField)) && (r.has(secondField) || !r.has(nanoField))
}

// agrees says whether the fields that were not needed say the same.
func (r *reading) agrees(day time.Time, hour int64) bool {
	for _, f := range []struct {
		field field
		value int64
	}{
		{monthField, int64(day.Month())}, {dayOfMonthField, int64(day.Day())}, {dayOfYearField, int64(day.YearDay())},
		{dayOfWeekField, int64(day.Weekday())}, {halfField, hour / 12}, {halfHourField, hour % 12},
	} {
		if r.has(f.field) && r.values[f.field] != f.value {
			return false
		}
	}
	return !r.has(eraField) || r.values[eraField] == 1 == (day.Year() > 0)
}

// AtZone returns the time at which clocks in a zone show what wall shows in its own, as java.time.LocalDateTime.atZone
// does: in the hour that occurs twice when the clocks are put back the first one, and in the hour that is left out when they
// are put forward moved on by its length.
func AtZone(wall time.Time, loc *time.Location) time.Time {
	_, own := wall.Zone()
	utc := wall.Add(time.Duration(own) * time.Second) // shows in UTC what wall shows
	if loc == time.UTC {
		return utc
	}
	_, before := utc.Add(-24 * time.Hour).In(loc).Zone() // no zone is a day away from UTC
	for t := utc.Add(-24 * time.Hour); ; {
		_, shift := t.In(loc).Zone()
		start, end := t.In(loc).ZoneBounds()
		at := utc.Add(-time.Duration(shift) * time.Second)
		switch {
		case at.Before(start):
			return utc.Add(-time.Duration(before) * time.Second)
		case end.IsZero() || at.Before(end):
			return at
		}
		before, t = shift, end
	}
}
