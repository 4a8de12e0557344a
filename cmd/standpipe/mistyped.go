package main

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// noArgs refuses positional arguments. A configuration is the one that people write most.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "see `" + cmd.CommandPath() + " --help`"
	if ext := filepath.Ext(args[0]); cmd.Flags().Lookup("config") != nil && (ext == ".yaml" || ext == ".yml") {
		hint = "did you mean -c " + args[0] + "?"
	}
	return usageError("%s takes no argument (got %q): %s", cmd.Name(), args[0], hint)
}

func unknownCommand(root *cobra.Command, name string) error {
	hint := "see `" + root.CommandPath() + " --help`"
	if near := root.SuggestionsFor(name); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError("unknown command %q: %s", name, hint)
}

// flagError adds the nearest flag to an unknown one. Flags of a command that does not exist are unknown because of that,
// so the command is what is said to be.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && !cmd.HasParent() && len(cmd.Flags().Args()) > 0 {
		return unknownCommand(cmd, cmd.Flags().Args()[0])
	}
	hint := "see `" + cmd.CommandPath() + " --help`"
	if unknown != nil && unknown.GetSpecifiedShortnames() == "" {
		if near := nearFlags(cmd, unknown.GetSpecifiedName()); len(near) > 0 {
			hint = "did you mean --" + strings.Join(near, " or --") + "?"
		}
	}
	return usageError("%w: %s", err, hint)
}

// nearFlags are the flags that a name may stand for: those that begin with it or, as --region for --stream.region, are keys
// of that name; or else the nearest, by cobra's measure, which it offers for commands alone.
func nearFlags(cmd *cobra.Command, name string) []string {
	var whole []string
	flags := &cobra.Command{SuggestionsMinimumDistance: min(3, len(name)/2)}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		if strings.HasPrefix(f.Name, name) || strings.HasSuffix(f.Name, "."+name) {
			whole = append(whole, f.Name)
		}
		flags.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
	})
	if len(whole) > 0 && len(whole) <= 3 {
		return whole
	}
	near := flags.SuggestionsFor(name)
	return slices.Clip(near[:min(len(near), 1)])
}
