package dynamofake

import (
	"net/http"
	"strings"

	"standpipe/internal/faults"
)

// reason is one entry of CancellationReasons, in the order of the transaction's items.
type reason struct {
	Code    string `json:"Code"`
	Message string `json:"Message,omitempty"`
	Item    item   `json:"Item,omitempty"`
}

// Canceled is the TransactionCanceledException that a hook answers a transaction with: one reason an item,
// "None" for the items that had no part in it. The reasons AWS documents are None, ConditionalCheckFailed,
// ItemCollectionSizeLimitExceeded, TransactionConflict, ProvisionedThroughputExceeded, ThrottlingError and
// ValidationError.
func Canceled(reasons ...string) *faults.Error {
	list := make([]reason, len(reasons))
	for i, code := range reasons {
		list[i] = reason{Code: code, Message: reasonMessage[code]}
	}
	return asFault(canceled(list))
}

var reasonMessage = map[string]string{
	"ConditionalCheckFailed":          "The conditional request failed",
	"ItemCollectionSizeLimitExceeded": "Collection size exceeded.",
	"TransactionConflict":             "Transaction is ongoing for the item",
	"ProvisionedThroughputExceeded":   throttleMessage,
	"ThrottlingError":                 "Throughput exceeds the current capacity of your table or index.",
}

const throttleMessage = "The level of configured provisioned throughput for the table was exceeded. " +
	"Consider increasing your provisioning level with the UpdateTable API."

// Conflict is the TransactionConflictException that a single write meets while a transaction holds its item.
func Conflict() *faults.Error {
	return asFault(refuse("TransactionConflictException", "Transaction is ongoing for the item"))
}

// InProgress is the TransactionInProgressException that a transaction meets while another with the same
// ClientRequestToken has not ended.
func InProgress() *faults.Error {
	return asFault(refuse("TransactionInProgressException",
		"The transaction with the given request token is already in progress."))
}

// Throttled is the ProvisionedThroughputExceededException of a table that is asked for too much.
func Throttled() *faults.Error {
	return asFault(refuse("ProvisionedThroughputExceededException", throttleMessage))
}

func asFault(e *apiError) *faults.Error {
	return &faults.Error{Status: e.status, Code: e.code, Message: e.message, Body: e.body()}
}

func canceled(list []reason) *apiError {
	codes := make([]string, len(list))
	for i, r := range list {
		codes[i] = r.Code
	}
	return &apiError{
		status: http.StatusBadRequest,
		code:   "TransactionCanceledException",
		message: "Transaction cancelled, please refer cancellation reasons for specific reasons [" +
			strings.Join(codes, ", ") + "]",
		extra: map[string]any{"CancellationReasons": list},
	}
}
