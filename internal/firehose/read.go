package firehose

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// File is one of the files that describe delivery streams.
type File struct {
	Name string // its path, or - for standard input; the extension may decide how it is read
	Data []byte
}

// Found is a delivery stream that a file describes.
type Found struct {
	Stream Stream
	// From says what the file is: describe-delivery-stream, CloudFormation or Terraform.
	From string
	// Address is how the file itself names the stream: a logical id or a resource's address. It is empty where there is no
	// other name than the stream's own.
	Address string
	// Region is where the stream is, as far as the file says so beside the ARNs.
	Region string
	// Defaults are the parameters and variables whose defaults were taken, as name=value.
	Defaults []string
	// Unknown are members that this version does not know, and Wrong sentences about values that could not be read.
	Unknown, Wrong []string
}

// Name is the name of the delivery stream, or that of its address where the stream gets its name from AWS.
func (f Found) Name() string {
	if n := f.Stream.DeliveryStreamName; n != "" && len(refs(n)) == 0 {
		return shown(n)
	}
	return shown(f.Address)
}

// Read finds all delivery streams in files that belong together: one of whatever kind, or those of a Terraform module. set
// holds values for references by their names, such as parameters of CloudFormation (also AWS::Region) and variables of
// Terraform; it comes before defaults. The error is a sentence for people that says what would be read.
func Read(files []File, set map[string]string) ([]Found, error) {
	values := newValues(set)
	var found []Found
	var module []File
	for _, f := range files {
		if len(f.Data) > mostBytes {
			return nil, fmt.Errorf("%s is larger than %d MiB: name the file of one delivery stream", f.Name, mostBytes>>20)
		}
		if isHCL(f) {
			module = append(module, f)
			continue
		}
		some, terraform, err := readTrees(f, values)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Name, err)
		}
		if terraform {
			module = append(module, f)
		}
		found = append(found, some...)
	}
	if len(module) > 0 {
		some, err := readModule(module, values)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found, values.unused()
}

const mostBytes = 64 << 20

var hclBlock = regexp.MustCompile(`(?m)^\s*(resource\s+"|variable\s+"|locals\s*\{|module\s+"|terraform\s*\{|provider\s+")`)

// isHCL tells Terraform's own language by the file's name, or by what is in it.
func isHCL(f File) bool {
	switch path.Ext(f.Name) {
	case ".tf", ".tfvars", ".hcl":
		return true
	case ".json", ".yaml", ".yml", ".template":
		return false
	}
	return !strings.HasPrefix(strings.TrimSpace(string(f.Data)), "{") && hclBlock.Match(f.Data)
}

// readTrees reads a file of JSON or YAML. terraform says that it is one of Terraform's JSON syntax.
func readTrees(f File, set *values) (found []Found, terraform bool, err error) {
	text := strings.TrimLeft(strings.TrimPrefix(string(f.Data), "\uFEFF"), " \t\r\n")
	if text == "" {
		return nil, false, errors.New("it is empty")
	}
	trees, err := jsonTrees([]byte(text))
	if err != nil && !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		trees, err = yamlTrees([]byte(text))
	} else if err != nil && path.Ext(f.Name) != ".json" {
		if flow, yamlErr := yamlTrees([]byte(text)); yamlErr == nil {
			trees, err = flow, nil
		}
	}
	if err != nil {
		return nil, false, fmt.Errorf("it is neither JSON nor YAML nor Terraform: %w", err)
	}
	for _, tree := range flat(trees) {
		some, hcl, err := readTree(tree, set)
		if err != nil {
			return nil, false, err
		}
		found, terraform = append(found, some...), terraform || hcl
	}
	return found, terraform, nil
}

// flat takes lists apart.
func flat(trees []any) (all []any) {
	for _, tree := range trees {
		if list, ok := tree.([]any); ok {
			all = append(all, flat(list)...)
		} else {
			all = append(all, tree)
		}
	}
	return all
}

var errKind = errors.New("it is none of these: the output of `aws firehose describe-delivery-stream`, a CloudFormation template, Terraform files, `terraform show -json`")

// readTree tells by the members what a tree is.
func readTree(tree any, set *values) (found []Found, terraform bool, err error) {
	m, ok := tree.(map[string]any)
	if !ok {
		return nil, false, errKind
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return m[name] != nil })
	}
	switch {
	case has("DeliveryStreamDescription"):
		return []Found{described(m["DeliveryStreamDescription"])}, false, nil
	case has("DeliveryStreamNames"):
		return nil, false, errors.New("it lists names only: give the output of `aws firehose describe-delivery-stream --delivery-stream-name NAME`")
	case has("Resources"):
		return fromTemplate(m, set), false, nil
	case has("TemplateBody"): // aws cloudformation get-template
		return fromTemplateBody(m["TemplateBody"], set)
	case has("planned_values", "values"):
		return fromShow(m), false, nil
	case has("resources") && has("terraform_version", "lineage"):
		return fromState(m), false, nil
	case has("resource", "variable", "locals", "module", "provider"):
		return nil, true, nil
	case has("DeliveryStreamName") && has("Destinations"):
		return []Found{described(m)}, false, nil
	case has("ExtendedS3DestinationConfiguration", "S3DestinationConfiguration"):
		return []Found{decoded("create-delivery-stream", m)}, false, nil
	}
	return nil, false, errKind
}

// fromTemplateBody reads a template that CloudFormation gave back, as text or as it is.
func fromTemplateBody(body any, set *values) ([]Found, bool, error) {
	text, ok := body.(string)
	if !ok {
		return readTree(body, set)
	}
	trees, err := yamlTrees([]byte(text)) // which reads JSON too
	if err != nil || len(trees) != 1 {
		return nil, false, fmt.Errorf("its TemplateBody is no template: %w", errors.Join(err, errKind))
	}
	m, ok := trees[0].(map[string]any)
	if !ok || m["Resources"] == nil {
		return nil, false, errors.New("its TemplateBody has no Resources")
	}
	return fromTemplate(m, set), false, nil
}

// decoded makes a Found of a tree in the shape of the API.
func decoded(from string, tree map[string]any) Found {
	f := Found{From: from}
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		known := name == "ExtendedS3DestinationConfiguration" || name == "S3DestinationConfiguration"
		if strings.HasSuffix(name, "DestinationConfiguration") && !known {
			if !empty(tree[name]) {
				f.Stream.OtherDestination = name
			}
			delete(tree, name)
		}
	}
	var d decoder
	d.decode(tree, reflect.ValueOf(&f.Stream).Elem(), "")
	f.Unknown, f.Wrong = d.unknown, d.wrong
	if arn := arnParts(f.Stream.DeliveryStreamARN, 6); len(arn) == 6 && len(refs(arn[3])) == 0 {
		f.Region = arn[3]
	}
	return f
}

// Choose finds the stream with a name, or the only one where there is no name. The error lists what there is.
func Choose(found []Found, name string) (Found, error) {
	if len(found) == 0 {
		return Found{}, errors.New("there is no delivery stream in it: looked for DeliveryStreamDescription, AWS::KinesisFirehose::DeliveryStream and aws_kinesis_firehose_delivery_stream")
	}
	var list, matching []string
	var chosen Found
	for _, f := range found {
		list = append(list, "  "+f.title())
		if name == "" || name == f.Name() || name == f.Stream.DeliveryStreamName || name == f.Address {
			chosen, matching = f, append(matching, f.title())
		}
	}
	switch {
	case len(matching) == 1:
		return chosen, nil
	case len(matching) == 0:
		return Found{}, fmt.Errorf("no delivery stream is called %s; there are:\n%s", name, strings.Join(list, "\n"))
	case name == "":
		return Found{}, fmt.Errorf("there are %d delivery streams: choose one with --name\n%s", len(found), strings.Join(list, "\n"))
	}
	return Found{}, fmt.Errorf("%d delivery streams are called %s: choose by address with --name\n%s", len(matching), name, strings.Join(list, "\n"))
}

// title names a stream for a list.
func (f Found) title() string {
	if f.Address != "" && f.Name() != shown(f.Address) {
		return f.Name() + " (" + shown(f.Address) + ")"
	}
	return f.Name()
}
