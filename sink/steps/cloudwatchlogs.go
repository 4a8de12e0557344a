package steps

import (
	"fmt"

	"standpipe/sink"
)

// cloudWatchLogs unpacks what a CloudWatch Logs subscription sends: gzip of an envelope with the messages of log events.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
type cloudWatchLogs struct {
	name  string
	limit int64
}

var _ holder = (*cloudWatchLogs)(nil)

func (c *cloudWatchLogs) Name() string { return c.name }

func (c *cloudWatchLogs) Do(rec sink.Record, yield func(sink.Record) bool) bool {
	return c.do(rec, func(int64) {}, yield)
}

func (c *cloudWatchLogs) do(rec sink.Record, held func(int64), yield func(sink.Record) bool) bool {
	data, err := gunzip(rec.Data, c.limit)
	if err != nil {
		return yield(c.refused(rec, err.Error()))
	}
	held(int64(cap(data)))
	defer held(-int64(cap(data)))
	list := spanLists.Get().(*[]span)
	e := envelope{messages: (*list)[:0]}
	defer func() { keep(list, e.messages) }()
	control, err := e.read(data)
	if err != nil {
		return yield(c.refused(rec, err.Error()))
	}
	if control {
		return true
	}
	texts, size := 0, int64(0)
	for i := range e.messages {
		e.messages[i].unescape(data)
		if text := e.messages[i].of(data); !blank(text) {
			texts++
			size += int64(len(text)) + recordOverhead
		}
	}
	if texts > 1 && size > c.limit {
		return yield(c.refused(rec, tooMuch(c.limit)))
	}
	for _, m := range e.messages {
		text := m.of(data)
		made := piece(rec, c.name, text)
		switch {
		case blank(text):
			made = piece(rec, c.name, nil)
		case texts == 1:
			made = changed(rec, text)
		}
		if !yield(made) {
			return false
		}
	}
	return true
}

func (c *cloudWatchLogs) refused(rec sink.Record, detail string) sink.Record {
	return refused(rec, c.name, decompressionFailed, decompressionCode, fmt.Sprintf("%s (%s)", notCloudWatchLog, detail))
}
