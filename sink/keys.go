package sink

import (
	"fmt"

	"standpipe/partition"
)

// metadataFailed is Firehose's type of errors in dynamic partitioning, and its code.
const (
	metadataFailed     = "metadata-extraction-failed"
	metadataFailedCode = "DynamicPartitioning.MetadataExtractionFailed"
)

// partitionExceeded is Firehose's type of errors beyond the limit of active partitions, and its code.
const (
	partitionExceeded     = "activePartitionExceeded"
	partitionExceededCode = "DynamicPartitioning.ActivePartitionsLimitExceeded"
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
	if err != nil {
		return objectKey{}, &Failure{Type: metadataFailed, Code: metadataFailedCode, Message: err.Error(), Output: s.data[i].Name}
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

// admit says why no object may be opened for a record of a further path, nil if it may, while staged are about to be: the output has as many paths in
// this batch as it may have, or the batch as many objects as there is memory for, which one answer alone can bring about.
// Error records are always taken.
func (b *batch) admit(k objectKey, staged int) *Failure {
	s := b.lane.s
	if k.out == len(s.data) {
		return nil
	}
	b.lane.mu.Lock()
	defer b.lane.mu.Unlock()
	if b.objects[k] != nil {
		return nil
	}
	out, paths := s.data[k.out], b.paths[k.out]
	most, why := int(s.memory.limit/objectCost), "buffer.memory"
	if room := len(b.all)+staged < most; room && out.MaxOpenPaths == 0 {
		return nil
	} else if room {
		if paths == nil {
			paths = map[string]struct{}{}
			b.paths[k.out] = paths
		}
		if _, open := paths[k.path]; open || len(paths) < out.MaxOpenPaths {
			paths[k.path] = struct{}{}
			return nil
		}
		most, why = out.MaxOpenPaths, "outputs[].max_open_paths"
	}
	return &Failure{Type: partitionExceeded, Code: partitionExceededCode, Output: out.Name,
		Message: fmt.Sprintf("the record belongs under a further path, and the %d that %s allows are open", most, why)}
}
