package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"standpipe/config"
	"standpipe/internal/cost"
	"standpipe/internal/firehose"
	"standpipe/internal/tables"
)

// completes says whether a command line is a shell's question of how it could go on.
func completes(args []string) bool {
	return len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd)
}

// valuesOf are the values that a command's flag takes, where they can be listed.
func valuesOf(command, flag string) []string {
	switch command + " --" + flag {
	case "cost --source":
		return []string{string(cost.Stream), string(cost.Direct), string(cost.AccessLogs)}
	case "cost --compute":
		return []string{string(cost.Fargate), string(cost.EC2)}
	case "cost --network":
		return []string{string(cost.PublicIP), string(cost.Endpoint), string(cost.NAT), string(cost.Paid)}
	case "cost --format":
		return []string{"ndjson", "raw", "parquet"}
	case "ddl --engine":
		engines := make([]string, len(tables.Engines))
		for i, e := range tables.Engines {
			engines[i] = string(e)
		}
		return engines
	case "demo --format":
		return []string{"ndjson", "parquet"}
	case "import --records":
		return []string{firehose.RecordsJSON, firehose.RecordsText, firehose.RecordsRaw}
	}
	return nil
}

// paths are flags whose values are files or folders; the shell completes those.
var paths = []string{"config", "out", "prices", "dir", "root"}

// completeValues lets shells offer the values of flags, and no files where a value is none.
func completeValues(root *cobra.Command) {
	keys := map[string][]string{}
	for _, o := range config.Options() {
		keys[o.Key] = o.Values()
	}
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if slices.Contains(paths, f.Name) {
				return
			}
			values := valuesOf(cmd.Name(), f.Name)
			if strings.Contains(f.Name, ".") {
				values = keys[f.Name]
			}
			if err := cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
				panic(err) // the flag is there
			}
		})
	}
}
