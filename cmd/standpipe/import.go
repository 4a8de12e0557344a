package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"standpipe/internal/firehose"
)

// importFlags are what the delivery stream does not say.
type importFlags struct {
	out, name, stream, records, trial string

	set           []string
	force, backup bool
}

func (p *program) importCommand() *cobra.Command {
	var o importFlags
	cmd := &cobra.Command{
		Use:   "import file ...",
		Short: "Make a configuration of a Firehose delivery stream, and report what differs",
		Long: `Import reads the settings of an Amazon Data Firehose stream and writes a configuration for Standpipe with a comment behind
each value that says where it comes from. It reports what is the same, what is better, what is different, what is not taken
over and what to do instead. It calls nothing on AWS.

It reads, with - for standard input:
  - the output of ` + "`aws firehose describe-delivery-stream`" + `
  - a CloudFormation template in YAML or JSON, or the folder cdk.out
  - Terraform: the folder or the files of a module, the output of ` + "`terraform show -json`" + `, a state file

The delivery stream must write to S3 and read a Kinesis data stream; for one with another source, --stream names that into
which its records are put from now on. References whose values are not in the files become
words that begin with REPLACE, with a line in the report, and the exit code is 3; --set gives them values. Without -o the
configuration goes to stdout and the report to stderr. docs/migration.md leads from here to the switch.`,
		Example: `  aws firehose describe-delivery-stream --delivery-stream-name clicks-to-s3 | standpipe import - -o standpipe.yaml
  standpipe import template.yaml --set AWS::AccountId=111122223333 --set Environment=prod -o standpipe.yaml
  standpipe import ./infrastructure --name clicks-to-s3 -o standpipe.yaml
  standpipe import describe.json --trial standpipe-trial/ -o trial.yaml   # to run beside Firehose`,
		Args: func(_ *cobra.Command, args []string) error { return o.check(args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			var stdin io.Reader
			if slices.Contains(args, "-") {
				stdin = p.standardInput(cmd.Context(), cmd.InOrStdin())
			}
			return o.run(args, stdin, p.stdout, p.stderr)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.out, "out", "o", "", "file to write the configuration to; without it stdout")
	f.BoolVar(&o.force, "force", false, "write the file although it exists")
	f.StringVar(&o.name, "name", "", "delivery stream to take where there are several: its name, logical id or address")
	f.StringVar(&o.stream, "stream", "", "name or ARN of the Kinesis data stream to read, in place of the delivery stream's source")
	f.StringArrayVar(&o.set, "set", nil, "NAME=VALUE of a parameter, a variable or any reference that the report names; may be repeated")
	f.StringVar(&o.records, "records", "", "what the records are: json, text (checks nothing, a newline behind each) or raw (Firehose's bytes); without it json, but text where messages are taken from CloudWatch Logs")
	f.StringVar(&o.trial, "trial", "", "folder to put in front of all prefixes, for a trial beside Firehose with an application of its own")
	f.BoolVar(&o.backup, "backup", false, "make the configuration of the source backup alone (S3BackupConfiguration)")
	if err := cmd.MarkFlagFilename("out", "yaml", "yml"); err != nil {
		panic(err) // the flag was added above
	}
	return cmd
}

// check says what is wrong with the command line, or nothing.
func (o importFlags) check(files []string) error {
	switch {
	case len(files) == 0:
		return usageError("import needs the file that describes the delivery stream, or - for standard input: see `standpipe import --help`")
	case len(files) > 1 && slices.Contains(files, "-"):
		return usageError("standard input can not be mixed with files")
	case !slices.Contains([]string{"", firehose.RecordsJSON, firehose.RecordsText, firehose.RecordsRaw}, o.records):
		return usageError("--records must be json, text or raw (got %q)", o.records)
	case o.trial != "" && (!strings.HasSuffix(o.trial, "/") || strings.HasPrefix(o.trial, "/") || strings.Contains(o.trial, "!{")):
		return usageError("--trial must be a folder such as standpipe-trial/: plain text that ends in / (got %q)", o.trial)
	}
	for _, pair := range o.set {
		if name, _, ok := strings.Cut(pair, "="); !ok || name == "" {
			return usageError("--set must be NAME=VALUE (got %q)", pair)
		}
	}
	return nil
}

func (o importFlags) run(names []string, stdin io.Reader, stdout, stderr io.Writer) error {
	files, err := readImports(names, stdin)
	if err != nil {
		return err
	}
	set := make(map[string]string)
	for _, pair := range o.set {
		name, value, _ := strings.Cut(pair, "=")
		set[name] = value
	}
	found, err := firehose.Read(files, set)
	if err != nil {
		return usageError("%w", err)
	}
	chosen, err := firehose.Choose(found, o.name)
	if err != nil {
		return usageError("%s: %w", strings.Join(names, ", "), err)
	}
	yaml, report, err := firehose.Translate(chosen, firehose.Options{Source: sourceName(names), Records: o.records, Stream: o.stream, Trial: o.trial, Backup: o.backup})
	if err != nil {
		return usageError("%w", err)
	}
	if o.out == "" || o.out == "-" {
		if _, err := stdout.Write(yaml); err != nil {
			return err
		}
		stdout = stderr
	} else if err := o.write(yaml); err != nil {
		return err
	}
	if err := o.tell(stdout, report); err != nil || len(report.ToFillIn) == 0 {
		return err
	}
	return &codedError{exitPartial, fmt.Errorf("to be filled in, or looked at by hand: %d, see the report", len(report.ToFillIn))}
}

// tell prints the report and what to do next.
func (o importFlags) tell(w io.Writer, report firehose.Report) error {
	file := o.out
	if file == "" || file == "-" {
		file = "standpipe.yaml"
	}
	_, err := fmt.Fprintf(w, "%s\nNext: `standpipe check -c %s`, then docs/migration.md.\n", report, file)
	return err
}

// write writes the file, but not over one that is there.
func (o importFlags) write(data []byte) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if o.force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(o.out, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usageError("%s is there already: name another file with -o, or add --force to write over it", o.out)
	}
	if err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(fmt.Errorf("write configuration: %w", err), f.Close())
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}

// readImports reads files, and of folders what Terraform would read of a module.
func readImports(names []string, stdin io.Reader) (files []firehose.File, err error) {
	for _, name := range names {
		if name == "-" {
			data, err := io.ReadAll(stdin)
			if err != nil {
				return nil, fmt.Errorf("read standard input: %w", err)
			}
			files = append(files, firehose.File{Name: name, Data: data})
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return nil, usageError("read %s: %w", name, unwrapPath(err))
		}
		in := []string{name}
		if info.IsDir() {
			if in = folderFiles(name); len(in) == 0 {
				return nil, usageError("read %s: the folder has neither .tf files nor CloudFormation templates in it: name the file that describes the delivery stream", name)
			}
		}
		for _, name := range in {
			data, err := os.ReadFile(name)
			if err != nil {
				return nil, usageError("read %s: %w", name, unwrapPath(err))
			}
			files = append(files, firehose.File{Name: name, Data: data})
		}
	}
	return files, nil
}

// folderFiles are the files of a Terraform module, with the values that Terraform takes without being told, or the templates
// that the CDK leaves in cdk.out.
func folderFiles(folder string) (files []string) {
	for _, pattern := range []string{"*.tf", "*.tf.json", "terraform.tfvars", "*.auto.tfvars", "*.template.json"} {
		matching, err := filepath.Glob(filepath.Join(folder, pattern))
		if err == nil {
			files = append(files, matching...)
		}
	}
	return files
}

// sourceName says what was read, for the comment and the report.
func sourceName(names []string) string {
	if names[0] == "-" {
		return "standard input"
	}
	return strings.Join(names, " ")
}

// unwrapPath is an error without the path that a sentence has already.
func unwrapPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
