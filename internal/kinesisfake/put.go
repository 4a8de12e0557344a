package kinesisfake

import (
	"fmt"
	"time"
	"unicode/utf8"
)

const (
	maxPutRecords = 500
	maxPutBytes   = 10 << 20
)

type putEntry struct {
	Data            []byte
	PartitionKey    string
	ExplicitHashKey *string
}

type putResult struct {
	ErrorCode      string `json:",omitempty"`
	ErrorMessage   string `json:",omitempty"`
	SequenceNumber string `json:",omitempty"`
	ShardId        string `json:",omitempty"`
}

// hash checks an entry and says where it goes.
func (e *putEntry) hash(st *stream) (hashKey, error) {
	if n := utf8.RuneCountInString(e.PartitionKey); n < 1 || n > 256 {
		return hashKey{}, validation("partitionKey", "'"+e.PartitionKey+"'", "Member must have length between 1 and 256")
	}
	if e.Data == nil {
		return hashKey{}, validation("data", "null", "Member must not be null")
	}
	if len(e.PartitionKey)+len(e.Data) > st.maxRecord {
		return hashKey{}, validation("data", "java.nio.HeapByteBuffer",
			fmt.Sprintf("Member must have length less than or equal to %d", st.maxRecord))
	}
	if e.ExplicitHashKey == nil {
		return hashOf(e.PartitionKey), nil
	}
	h, ok := parseHash(*e.ExplicitHashKey)
	if !ok {
		return hashKey{}, invalidArgument("Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "+
			"Specified value was %s", *e.ExplicitHashKey)
	}
	return h, nil
}

// store puts one record, under the write limits if they hold. The caller holds st.mu for reading.
func (s *Server) store(now time.Time, st *stream, h hashKey, e *putEntry) putResult {
	sh := st.route(h)
	if s.opts.Limits.Write {
		sh.mu.Lock()
		admitted := sh.writes.admit(now, len(e.PartitionKey)+len(e.Data))
		sh.mu.Unlock()
		if !admitted {
			refusal := tooFast(st.name, sh.id)
			return putResult{ErrorCode: refusal.Code, ErrorMessage: refusal.Message}
		}
	}
	return putResult{SequenceNumber: sh.append(now, e.PartitionKey, e.Data).String(), ShardId: sh.id}
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
func (s *Server) putRecord(now time.Time, in *struct {
	target
	putEntry
}) (any, error) {
	st, err := s.find(now, in.target)
	if err != nil {
		return nil, err
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	if err := st.usable(now); err != nil {
		return nil, err
	}
	h, err := in.hash(st)
	if err != nil {
		return nil, err
	}
	result := s.store(now, st, h, &in.putEntry)
	if result.ErrorCode != "" {
		return nil, refuse(result.ErrorCode, "%s", result.ErrorMessage)
	}
	return result, nil
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
func (s *Server) putRecords(now time.Time, in *struct {
	target
	Records []putEntry
}) (any, error) {
	st, err := s.find(now, in.target)
	if err != nil {
		return nil, err
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	if err := st.usable(now); err != nil {
		return nil, err
	}
	if n := len(in.Records); n < 1 || n > maxPutRecords {
		return nil, validation("records", fmt.Sprintf("of length %d", n), "Member must have length between 1 and 500")
	}
	total := 0
	hashes := make([]hashKey, len(in.Records))
	for i := range in.Records {
		e := &in.Records[i]
		if hashes[i], err = e.hash(st); err != nil {
			return nil, err
		}
		total += len(e.PartitionKey) + len(e.Data)
	}
	if total > maxPutBytes {
		return nil, invalidArgument("Records size exceeds 10 MB limit")
	}
	var out struct {
		FailedRecordCount int
		Records           []putResult
	}
	out.Records = make([]putResult, len(in.Records))
	for i := range in.Records {
		out.Records[i] = s.store(now, st, hashes[i], &in.Records[i])
		if out.Records[i].ErrorCode != "" {
			out.FailedRecordCount++
		}
	}
	return out, nil
}
