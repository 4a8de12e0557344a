package config

import "regexp"

var bareName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// timestamp checks where an output's times come from. The syntax of path and
// format is not checked here.
func (v *validator) timestamp(path string, o Output) {
	v.must(o.Timestamp != "", path+".timestamp", "must be arrival or a jq path such as .time", "")
	if o.Timestamp != "arrival" {
		advice := rightCase(o.Timestamp, "arrival")
		if advice == "" {
			advice = "; a path begins with a dot: write ." + o.Timestamp
		}
		v.must(!bareName.MatchString(o.Timestamp), path+".timestamp", "must be arrival or a jq path such as .time"+advice, o.Timestamp)
		return
	}
	fresh := DefaultOutput()
	for _, k := range []struct {
		key  string
		same bool
		got  string
	}{
		{"timestamp_format", o.TimestampFormat == fresh.TimestampFormat, o.TimestampFormat},
		{"timestamp_oldest", o.TimestampOldest == fresh.TimestampOldest, o.TimestampOldest.String()},
		{"timestamp_newest", o.TimestampNewest == fresh.TimestampNewest, o.TimestampNewest.String()},
		{"timestamp_otherwise", o.TimestampOtherwise == fresh.TimestampOtherwise, o.TimestampOtherwise},
	} {
		v.must(k.same, path+"."+k.key, "is used only with event times; set timestamp to a jq path such as .time, or leave the key out", k.got)
	}
}
