package kinesisfake_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"standpipe/internal/kinesisfake"
)

func TestRequestsOutsideTheProtocolAreRefused(t *testing.T) {
	s := kinesisfake.New(kinesisfake.Options{})
	for _, tc := range []struct{ method, target, content, body, want string }{
		{"POST", "Kinesis_20131202.ListStreams", "application/x-amz-json-1.1", "{}", ""},
		{"GET", "Kinesis_20131202.ListStreams", "application/x-amz-json-1.1", "{}", "UnknownOperationException"},
		{"POST", "Kinesis_20131202.Invent", "application/x-amz-json-1.1", "{}", "UnknownOperationException"},
		{"POST", "DynamoDB_20120810.ListTables", "application/x-amz-json-1.1", "{}", "UnknownOperationException"},
		{"POST", "Kinesis_20131202.ListStreams", "application/x-amz-cbor-1.1", "\xa0", "UnknownOperationException"},
		{"POST", "Kinesis_20131202.ListStreams", "application/x-amz-json-1.1", "{", "SerializationException"},
		{"POST", "Kinesis_20131202.GetRecords", "application/x-amz-json-1.1", "[", "SerializationException"},
		{"POST", "Kinesis_20131202.ListShards", "application/x-amz-json-1.1", "{}", "InvalidArgumentException"},
	} {
		r := httptest.NewRequest(tc.method, "/", strings.NewReader(tc.body))
		r.Header.Set("X-Amz-Target", tc.target)
		r.Header.Set("Content-Type", tc.content)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if tc.want == "" {
			if w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", tc.target, w.Code, w.Body)
			}
		} else if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"__type":"`+tc.want+`"`) {
			t.Errorf("%s %s %s: %d %s, want %s", tc.method, tc.target, tc.content, w.Code, w.Body, tc.want)
		}
	}
}
