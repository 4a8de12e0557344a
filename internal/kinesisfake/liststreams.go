package kinesisfake

import (
	"sort"
	"time"
)

type streamSummary struct {
	StreamName, StreamARN, StreamStatus string
	StreamCreationTimestamp             epochMillis
	StreamModeDetails                   streamMode
}

type streamMode struct{ StreamMode string }

var provisioned = streamMode{"PROVISIONED"}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListStreams.html
func (s *Server) listStreams(now time.Time, in *struct {
	ExclusiveStartStreamName, NextToken string
	Limit                               int
}) (any, error) {
	after := max(in.ExclusiveStartStreamName, in.NextToken)
	s.mu.RLock()
	names := make([]string, 0, len(s.streams))
	for name := range s.streams {
		if name > after {
			names = append(names, name)
		}
	}
	s.mu.RUnlock()
	sort.Strings(names)
	limit := in.Limit
	if limit < 1 || limit > 10_000 {
		limit = 100
	}
	out := struct {
		HasMoreStreams  bool
		NextToken       string `json:",omitempty"`
		StreamNames     []string
		StreamSummaries []streamSummary
	}{StreamNames: []string{}, StreamSummaries: []streamSummary{}}
	for _, name := range names {
		st, err := s.lookup(now, name)
		if err != nil {
			continue
		}
		if len(out.StreamNames) == limit {
			out.HasMoreStreams = true
			out.NextToken = out.StreamNames[limit-1]
			break
		}
		st.mu.RLock()
		status := st.status(now)
		st.mu.RUnlock()
		out.StreamNames = append(out.StreamNames, name)
		out.StreamSummaries = append(out.StreamSummaries,
			streamSummary{name, ARN(name), status, epochMillis(st.created), provisioned})
	}
	return out, nil
}
