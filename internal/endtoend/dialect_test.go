package endtoend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

// A dialect makes a worker one of another version, as far as others can see it: what it stores in the lease table passes
// through tells, what it reads there through hears. Items and rows are DynamoDB's JSON.
type dialect struct {
	name  string
	tells func(d *dialect, op string, request map[string]any)
	hears func(d *dialect, row map[string]any)

	told, foreign atomic.Int64 // batch items in the dialect that were stored; items that it does not know that were read
}

// today is this program.
func today() *dialect { return &dialect{name: "today's"} }

// older is the program before batch items had a checksum: it stores items of version 1, and knows no higher version. Its
// advances say no times.
func older() *dialect {
	return &dialect{name: "older",
		tells: func(d *dialect, op string, request map[string]any) {
			for _, item := range batchItems(op, request) {
				item["version"] = number("1")
				delete(item, "batchSum")
				d.told.Add(1)
			}
			for _, u := range updates(op, request) {
				if was, _ := u["UpdateExpression"].(string); strings.Contains(was, ", checkpointTime = :time") {
					u["UpdateExpression"] = strings.Replace(was, ", checkpointTime = :time", "", 1)
					delete(u["ExpressionAttributeValues"].(map[string]any), ":time")
				}
			}
		},
		hears: func(d *dialect, row map[string]any) {
			switch version(row) {
			case "1":
				row["version"], row["batchSum"] = number("2"), sumOf(row)
			case "2", "3":
				row["version"] = number("9")
				d.foreign.Add(1)
			}
		}}
}

// newer is a program to come: it stores batch items of version 3, whose checksum has another name, knows the ones before,
// and adds attributes to rows that today's programs may pass over.
func newer() *dialect {
	return &dialect{name: "newer",
		tells: func(d *dialect, op string, request map[string]any) {
			for _, item := range batchItems(op, request) {
				item["version"], item["batchSHA"] = number("3"), item["batchSum"]
				delete(item, "batchSum")
				d.told.Add(1)
			}
			if op == "PutItem" {
				request["Item"].(map[string]any)["later"] = words("kept")
			}
			for _, u := range updates(op, request) {
				if was, _ := u["UpdateExpression"].(string); op == "UpdateItem" && strings.HasPrefix(was, "SET ") {
					u["UpdateExpression"] = "SET later = :later, " + strings.TrimPrefix(was, "SET ")
					u["ExpressionAttributeValues"].(map[string]any)[":later"] = words("kept")
				}
			}
		},
		hears: func(_ *dialect, row map[string]any) {
			if version(row) == "3" {
				row["version"], row["batchSum"] = number("2"), row["batchSHA"]
			}
		}}
}

// start runs a worker of the dialect.
func (d *dialect) start(w *World, set Settings) *Worker {
	w.T.Helper()
	next := w.net
	w.net = d.over(next)
	defer func() { w.net = next }()
	return w.Start(set)
}

// over translates what passes between a worker and DynamoDB.
func (d *dialect) over(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		op, dynamo := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "DynamoDB_20120810.")
		if !dynamo || d.tells == nil {
			return next.RoundTrip(r)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		told := rewrite(body, func(request map[string]any) { d.tells(d, op, request) })
		again := r.Clone(r.Context())
		again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(told)), int64(len(told))
		resp, err := next.RoundTrip(again)
		if err != nil || resp.StatusCode != http.StatusOK {
			return resp, err
		}
		if body, err = io.ReadAll(resp.Body); err != nil {
			return nil, err
		}
		heard := rewrite(body, func(answer map[string]any) {
			for _, row := range rowsOf(answer) {
				d.hears(d, row)
			}
		})
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(heard)), int64(len(heard))
		return resp, nil
	})
}

func rewrite(body []byte, change func(map[string]any)) []byte {
	var v map[string]any
	if json.Unmarshal(body, &v) != nil {
		return body
	}
	change(v)
	body, _ = json.Marshal(v)
	return body
}

// batchItems are the batch items that a request stores.
func batchItems(op string, request map[string]any) (items []map[string]any) {
	if op != "TransactWriteItems" {
		return nil
	}
	for _, action := range request["TransactItems"].([]any) {
		if put, ok := action.(map[string]any)["Put"].(map[string]any); ok {
			items = append(items, put["Item"].(map[string]any))
		}
	}
	return items
}

// updates are the updates that a request makes.
func updates(op string, request map[string]any) (all []map[string]any) {
	switch op {
	case "UpdateItem":
		all = append(all, request)
	case "TransactWriteItems":
		for _, action := range request["TransactItems"].([]any) {
			if u, ok := action.(map[string]any)["Update"].(map[string]any); ok {
				all = append(all, u)
			}
		}
	}
	return all
}

// rowsOf are the rows in an answer.
func rowsOf(answer map[string]any) (rows []map[string]any) {
	if row, ok := answer["Item"].(map[string]any); ok {
		rows = append(rows, row)
	}
	if list, ok := answer["Items"].([]any); ok {
		for _, row := range list {
			rows = append(rows, row.(map[string]any))
		}
	}
	return rows
}

func number(n string) any { return map[string]any{"N": n} }
func words(s string) any  { return map[string]any{"S": s} }

func said(row map[string]any, attr, of string) string {
	typed, _ := row[attr].(map[string]any)
	s, _ := typed[of].(string)
	return s
}

// version is that of a batch item, "" of other rows.
func version(row map[string]any) string {
	if !strings.HasPrefix(said(row, "leaseKey", "S"), "standpipe#batch#") {
		return ""
	}
	return said(row, "version", "N")
}

// sumOf is the checksum that an item of version 2 would have.
func sumOf(row map[string]any) any {
	id := strings.TrimPrefix(said(row, "leaseKey", "S"), "standpipe#batch#")
	return words(fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(id+"\n"+said(row, "batch", "S")))))
}
