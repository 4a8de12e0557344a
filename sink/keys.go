package sink

import (
	"errors"

	"standpipe/partition"
)

// metadataFailed is Firehose's type of errors in dynamic partitioning, and its code.
const (
	metadataFailed     = "metadata-extraction-failed"
	metadataFailedCode = "DynamicPartitioning.MetadataExtractionFailed"
)

// key gives the object that a record belongs to in an output, or says why there is none.
func (r *Reading) key(i int, rec *Record, s *Sink) (objectKey, *Failure) {
	at, bad := r.filed(i, rec, s)
	if bad != nil {
		return objectKey{}, bad
	}
	if len(r.keys[i]) == 0 {
		return objectKey{i, r.paths[i].Path(at, "")}, nil
	}
	values := r.values[:0]
	for _, k := range r.keys[i] {
		values = append(values, rec.value(k))
	}
	r.values = values
	path, err := r.paths[i].KeyedPath(at, values)
	var unfit *partition.KeyError
	if errors.As(err, &unfit) {
		return objectKey{}, &Failure{Type: metadataFailed, Code: metadataFailedCode, Message: unfit.Error(), Output: s.data[i].Name}
	}
	return objectKey{i, path}, nil
}

// value is the record's value of a partition key, of the last step that found one, empty where none did.
func (r *Record) value(k partition.Key) string {
	for i := len(r.Keys) - 1; i >= 0; i-- {
		if r.Keys[i].Key == k {
			return r.Keys[i].Value
		}
	}
	return ""
}
