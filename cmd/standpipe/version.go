package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and Go version",
		Long: `Version says which version this is, of which commit and its time, built with which Go, and for what.
` + "`standpipe --version`" + ` prints the same.`,
		Example: `  standpipe version`,
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.stdout, "standpipe "+version())
			return err
		},
	}
}

// version is that of this program.
func version() string {
	info, _ := debug.ReadBuildInfo()
	return versionLine(info)
}

// programVersion is the version alone, as the Go tool recorded it; "" where it did not.
func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return ""
}

// versionLine says what was built, as far as the Go tool recorded it; info may be nil.
func versionLine(info *debug.BuildInfo) string {
	version, commit := "unknown", "unknown"
	if info != nil {
		if version = info.Main.Version; version == "" {
			version = "(devel)"
		}
		settings := make(map[string]string)
		for _, s := range info.Settings {
			settings[s.Key] = s.Value
		}
		if settings["vcs.revision"] != "" {
			commit = settings["vcs.revision"]
			if settings["vcs.time"] != "" {
				commit += " of " + settings["vcs.time"]
			}
			if settings["vcs.modified"] == "true" {
				commit += " with changes"
			}
		}
	}
	return fmt.Sprintf("%s, commit %s, %s %s/%s", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
