package gluefake

import (
	"errors"
	"strings"
)

// maxPartitions is how many a BatchCreatePartition takes.
// https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html
const maxPartitions = 100

type place struct{ DatabaseName, TableName string }

func (s *Server) batchCreatePartition(in *struct {
	place
	PartitionInputList []Partition
}) (any, error) {
	t, err := s.find(in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	if len(in.PartitionInputList) > maxPartitions {
		return nil, refuse("InvalidInputException", "A call takes at most %d partitions.", maxPartitions)
	}
	type detail struct{ ErrorCode, ErrorMessage string }
	type failure struct {
		PartitionValues []string
		ErrorDetail     detail
	}
	var failures []failure
	for _, p := range in.PartitionInputList {
		var bad *apiError
		if errors.As(s.add(t, p), &bad) {
			failures = append(failures, failure{p.Values, detail{bad.code, bad.message}})
		}
	}
	return map[string]any{"Errors": failures}, nil
}

// Refuse has the server refuse a partition, by its values joined by slashes, or take it again.
func (s *Server) Refuse(values string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[values] = on
}

func (s *Server) add(t *table, p Partition) error {
	if len(p.Values) != len(t.PartitionKeys) {
		return refuse("InvalidInputException", "The number of partition keys do not match the number of partition values")
	}
	for _, v := range p.Values {
		if v == "" {
			return refuse("InvalidInputException", "Partition values can not be empty.")
		}
	}
	key := strings.Join(p.Values, "/")
	if s.refused[key] {
		return refuse("InvalidInputException", "Partition is not wanted.")
	}
	if _, there := t.partitions[key]; there {
		return refuse("AlreadyExistsException", "Partition already exists.")
	}
	t.partitions[key] = p
	return nil
}
