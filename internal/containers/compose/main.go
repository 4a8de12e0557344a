// Command compose prints a Compose file as the Compose specification's own library understands it: checked
// against the schema, with anchors, short forms and variables resolved, as JSON. It is a module of its own, so
// that its dependencies are nobody else's.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: compose FILE [PROFILE…]")
		os.Exit(2)
	}
	if err := print(context.Background(), os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "compose:", err)
		os.Exit(1)
	}
}

// print loads one file with an empty environment and an empty .env, so that the result depends on the file and the profiles
// alone.
func print(ctx context.Context, file string, profiles []string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	options, err := cli.NewProjectOptions([]string{file}, cli.WithWorkingDirectory(filepath.Dir(file)), cli.WithName("standpipe"), cli.WithProfiles(profiles))
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return fmt.Errorf("load %s: %w", file, err)
	}
	text, err := project.MarshalJSON()
	if err != nil {
		return fmt.Errorf("print %s: %w", file, err)
	}
	_, err = os.Stdout.Write(append(text, '\n'))
	return err
}
