package kinesisfake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"standpipe/internal/faults"
)

// answer is the body of a success; release gives its memory back.
type answer struct {
	body    []byte
	release func()
}

// operations are the API operations that are served.
var operations = map[string]func(*Server, time.Time, io.Reader) (answer, error){
	"CreateStream":          handle((*Server).createStream),
	"DeleteStream":          handle((*Server).deleteStream),
	"DescribeStream":        handle((*Server).describeStream),
	"DescribeStreamSummary": handle((*Server).describeStreamSummary),
	"ListStreams":           handle((*Server).listStreams),
	"ListShards":            handle((*Server).listShards),
	"PutRecord":             handle((*Server).putRecord),
	"PutRecords":            handle((*Server).putRecords),
	"GetShardIterator":      handle((*Server).getShardIterator),
	"SplitShard":            handle((*Server).splitShard),
	"MergeShards":           handle((*Server).mergeShards),
	"GetRecords":            serveGetRecords,
}

// handle makes an operation of a function from a request to an answer (nil: none), both encoded by their JSON tags.
func handle[In any](fn func(*Server, time.Time, *In) (any, error)) func(*Server, time.Time, io.Reader) (answer, error) {
	return func(s *Server, now time.Time, body io.Reader) (answer, error) {
		var in In
		if err := decode(body, &in); err != nil {
			return answer{}, err
		}
		out, err := fn(s, now, &in)
		if err != nil || out == nil {
			return answer{release: func() {}}, err
		}
		text, err := json.Marshal(out)
		return answer{text, func() {}}, err
	}
}

func decode(body io.Reader, in any) error {
	if err := json.NewDecoder(body).Decode(in); err != nil && !errors.Is(err, io.EOF) {
		return refuse("SerializationException", "%v", err)
	}
	return nil
}

// target names a stream, by name or ARN or both.
type target struct {
	StreamName, StreamARN string
}

func (t target) stream() (string, error) {
	name := t.StreamName
	if t.StreamARN != "" {
		_, fromARN, ok := strings.Cut(t.StreamARN, ":stream/")
		if !ok || name != "" && name != fromARN {
			return "", invalidArgument("StreamARN %s does not name stream %s.", t.StreamARN, name)
		}
		name = fromARN
	}
	if name == "" {
		return "", invalidArgument("Either StreamName or StreamARN must be provided.")
	}
	return name, nil
}

func (s *Server) find(now time.Time, t target) (*stream, error) {
	name, err := t.stream()
	if err != nil {
		return nil, err
	}
	return s.lookup(now, name)
}

// epochMillis is a time on the wire: seconds since 1970 as a number with a fraction; here Unix milliseconds.
type epochMillis int64

func (t epochMillis) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%d.%03d", t/1000, t%1000), nil
}

func (t *epochMillis) UnmarshalJSON(text []byte) error {
	seconds, err := strconv.ParseFloat(string(text), 64)
	*t = epochMillis(math.Round(seconds * 1000))
	return err
}

// name tells the gate what a request is about.
func name(r *http.Request, body []byte) faults.Call {
	call := faults.Call{Service: "kinesis", Op: operation(r)}
	switch call.Op {
	case "PutRecord", "PutRecords", "":
		return call
	}
	var in struct {
		target
		ShardId, ShardToSplit, ShardToMerge, AdjacentShardToMerge, ShardIterator, NextToken string
	}
	unmarshal := json.Unmarshal
	if r.Header.Get("Content-Type") == cborContentType {
		unmarshal = cbor.Unmarshal
	}
	if unmarshal(body, &in) != nil {
		return call
	}
	switch call.Op {
	case "GetRecords":
		if it, ok := parseIterator(in.ShardIterator); ok {
			call.Object = shardID(it.shard)
		}
	case "GetShardIterator":
		call.Object = in.ShardId
	case "SplitShard":
		call.Object = in.ShardToSplit
	case "MergeShards":
		call.Object = in.ShardToMerge + "," + in.AdjacentShardToMerge
	case "ListStreams":
	default:
		call.Object, _ = in.stream()
		if tok, ok := parseToken(in.NextToken); ok && call.Object == "" {
			call.Object = tok.stream
		}
	}
	return call
}
