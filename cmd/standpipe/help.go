package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpCommand is cobra's, but that a mistyped command is an error.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Show what a command does and takes",
		Example: `  standpipe help
  standpipe help run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(about, rest[0])
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begin string) (names []string, _ cobra.ShellCompDirective) {
			if len(args) == 0 {
				for _, c := range cmd.Root().Commands() {
					if c.IsAvailableCommand() && strings.HasPrefix(c.Name(), begin) {
						names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// completionExamples are command lines that make completion work, by shell.
var completionExamples = map[string]string{
	"bash":       "  source <(standpipe completion bash)\n  standpipe completion bash > /etc/bash_completion.d/standpipe",
	"zsh":        `  standpipe completion zsh > "${fpath[1]}/_standpipe"`,
	"fish":       "  standpipe completion fish | source\n  standpipe completion fish > ~/.config/fish/completions/standpipe.fish",
	"powershell": "  standpipe completion powershell | Out-String | Invoke-Expression",
}

// finishCompletion adds cobra's completion command and makes a mistyped shell an error.
func finishCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd("completion")
	completion, _, err := root.Find([]string{"completion"})
	if err != nil || completion == root {
		return
	}
	completion.SuggestionsMinimumDistance = root.SuggestionsMinimumDistance
	completion.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		return nil
	}
	completion.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	completion.Example = "  source <(standpipe completion bash)   # in this shell; `standpipe completion bash --help` says how in every one"
	for _, shell := range completion.Commands() {
		shell.Args = noArgs
		shell.Example = completionExamples[shell.Name()]
	}
}

// plainUsage prints --crash where pflag prints --crash[=true|false], and a command's own flags before the
// configuration's, among which nobody would find them. Flags are wrapped to so many columns; 0 leaves their lines whole.
func plainUsage(root *cobra.Command, width int) {
	const values = "[=true|false]"
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "Flags.FlagUsages ", fmt.Sprintf("Flags.FlagUsagesWrapped %d ", width)))
	usage := root.UsageFunc()
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		out := cmd.OutOrStderr()
		var text bytes.Buffer
		cmd.SetOut(&text)
		keys := hideKeys(cmd)
		err := usage(cmd)
		cmd.SetOut(out)
		if keys.HasFlags() {
			keys.VisitAll(func(f *pflag.Flag) { f.Hidden = false })
			text.WriteString("\nKeys of the configuration, which beat variables and file:\n" + keys.FlagUsagesWrapped(width))
		}
		if err != nil {
			return err
		}
		_, err = out.Write([]byte(strings.ReplaceAll(text.String(), values, strings.Repeat(" ", len(values)))))
		return err
	})
}

// hideKeys hides the flags of configuration keys, which alone have a dot in their names, and returns them.
func hideKeys(cmd *cobra.Command) *pflag.FlagSet {
	keys := pflag.NewFlagSet("keys", pflag.ContinueOnError)
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if strings.Contains(f.Name, ".") && !f.Hidden {
			f.Hidden = true
			keys.AddFlag(f)
		}
	})
	return keys
}
