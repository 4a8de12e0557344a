package endtoend

import (
	"path"
	"strings"

	"standpipe/internal/faults"
)

// stepOf names the step of the commit protocol that a request carries out, "" for others.
func stepOf(c faults.Call) string {
	body := string(c.Body)
	journal := strings.Contains(c.Object, "/_standpipe/")
	switch c.Op {
	case "TransactWriteItems":
		switch {
		case strings.Contains(body, "pendingCheckpoint = :to"):
			return "intent"
		case strings.Contains(body, "SET checkpoint = :to"):
			return "advance"
		case strings.Contains(body, "leaseEpoch + :one"):
			return "clear"
		}
	case "UpdateItem":
		if strings.Contains(body, "batchState") {
			return "mark"
		}
	case "CompleteMultipartUpload", "AbortMultipartUpload", "DeleteObject", "GetObject":
		name := map[string]string{"CompleteMultipartUpload": "complete", "AbortMultipartUpload": "abort", "DeleteObject": "delete", "GetObject": "read"}[c.Op]
		if journal {
			return name + " journal"
		}
		return name + " object"
	}
	return ""
}

// actOf names what a call does, in the words of the commit protocol where it is one of its steps.
func actOf(c faults.Call) string {
	if s := stepOf(c); s != "" {
		return s
	}
	body := string(c.Body)
	switch {
	case strings.HasPrefix(c.Object, "standpipe#worker#") && c.Op == "UpdateItem":
		return "heartbeat"
	case c.Op == "UpdateItem" && strings.Contains(body, "SET leaseOwner"):
		return "acquire"
	case c.Op == "UpdateItem" && strings.Contains(body, "REMOVE leaseOwner"):
		return "release"
	}
	return c.Op
}

// roleOf names what a call acts on without anything random and without the worker: a shard, the batch item, an
// output's path, the journal.
func roleOf(c faults.Call) string {
	switch {
	case c.Op == "TransactWriteItems":
		return "batch"
	case c.Service == "s3":
		_, key, _ := strings.Cut(c.Object, "/")
		if strings.HasPrefix(key, journalPrefix) {
			return "journal"
		}
		return path.Dir(key)
	case strings.HasPrefix(c.Object, "standpipe#"):
		return strings.Split(c.Object, "#")[1]
	}
	return c.Object
}
