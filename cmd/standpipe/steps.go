package main

import (
	"fmt"
	"time"

	"standpipe/config"
	"standpipe/sink/steps"
)

// newSteps makes the steps of a configuration. What is wrong with programs is added to problems.
func newSteps(cfg config.Config, problems *config.Problems) []steps.Step {
	var list []steps.Step
	for i, s := range cfg.Steps {
		st, err := newStep(s)
		if err != nil {
			problems.Add(fmt.Sprintf("steps[%d].%s", i, s.Kind()), err.Error(), "")
			continue
		}
		list = append(list, st)
	}
	return list
}

func newStep(s config.Step) (steps.Step, error) {
	limit, timeout := int64(s.MaxBytes), time.Duration(s.Timeout)
	switch s.Kind() {
	case "decompress":
		return steps.NewDecompress(s.Name, s.Decompress, limit)
	case "split":
		return steps.NewSplit(s.Name, s.Split, s.Delimiter, limit)
	case "jq":
		return steps.NewJQ(s.Name, steps.JQ{Program: s.JQ, Input: s.Input, Output: s.Output, MaxBytes: limit, Timeout: timeout})
	case "partition_keys":
		return steps.NewPartitionKeys(s.Name, s.PartitionKeys, timeout)
	}
	return newLambda(s), nil
}
