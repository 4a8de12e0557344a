package firehose

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"standpipe/config"
	"standpipe/partition"
)

// sample is a delivery stream with its golden configuration and report.
type sample struct {
	golden string
	files  []string
	name   string
	set    map[string]string
	o      Options
}

var samples = []sample{
	{golden: "clicks", files: []string{"describe/clicks.json"}},
	{golden: "clicks-trial", files: []string{"describe/clicks.json"}, o: Options{Trial: "standpipe-trial/", Records: RecordsText}},
	{golden: "metering", files: []string{"describe/metering.json"}},
	{golden: "everything", files: []string{"describe/everything.json"}},
	{golden: "everything-backup", files: []string{"describe/everything.json"}, o: Options{Backup: true}},
	{golden: "orc-hive", files: []string{"describe/orc-hive.json"}},
	{golden: "template-clicks", files: []string{"cloudformation/clicks.yaml"}},
	{golden: "template-clicks-set", files: []string{"cloudformation/clicks.yaml"}, set: map[string]string{"Environment": "prod", "AWS::AccountId": "111122223333", "AWS::Region": "ap-northeast-2"}, o: Options{Records: RecordsRaw}},
	{golden: "template-metering", files: []string{"cloudformation/metering.json"}},
	{golden: "cdk", files: []string{"cloudformation/cdk.template.json"}, name: "DeliveryStream58CF96DB"},
	{golden: "cdk-legacy", files: []string{"cloudformation/cdk.template.json"}, name: "legacy"},
	{golden: "terraform-clicks", files: []string{"terraform/clicks.tf", "terraform/clicks.auto.tfvars"}},
	{golden: "terraform-logs", files: []string{"terraform/logs.tf"}},
	{golden: "terraform-json", files: []string{"terraform/meters.tf.json"}},
	{golden: "show", files: []string{"terraform/show.json"}},
}

// TestSamples compares what the samples become with what it was; UPDATE=1 writes that anew.
func TestSamples(t *testing.T) {
	for _, s := range samples {
		t.Run(s.golden, func(t *testing.T) {
			var files []File
			for _, name := range s.files {
				files = append(files, File{Name: name, Data: contents(t, name)})
			}
			found, err := Read(files, s.set)
			if err != nil {
				t.Fatal(err)
			}
			chosen, err := Choose(found, s.name)
			if err != nil {
				t.Fatal(err)
			}
			s.o.Source = s.files[0]
			yaml, report, err := Translate(chosen, s.o)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, s.golden+".yaml", yaml)
			golden(t, s.golden+".txt", []byte(report.String()))
			cfg := loaded(t, yaml)
			for i, o := range cfg.Outputs {
				loc, err := time.LoadLocation(o.TimeZone)
				if err != nil {
					t.Error(err)
				}
				if _, err := partition.Parse(o.Prefix, partition.Data, partition.InZone(loc), partition.WithKeys()); err != nil {
					t.Errorf("outputs[%d]: %v", i, err)
				}
			}
			if _, err := partition.Parse(cfg.Errors.Prefix, partition.Errors); err != nil {
				t.Error(err)
			}
		})
	}
	used, err := filepath.Glob("testdata/golden/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range used {
		base, _, _ := strings.Cut(filepath.Base(file), ".")
		known := slices.ContainsFunc(samples, func(s sample) bool { return s.golden == base })
		if !known {
			t.Errorf("%s belongs to no sample", file)
		}
	}
}

func contents(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what it was (UPDATE=1 writes it anew):\n%s", file, got)
	}
}

// loaded is the configuration that config.Load makes, which must have no problem with it.
func loaded(t testing.TB, yaml []byte) config.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "standpipe.yaml")
	if err := os.WriteFile(file, yaml, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Source{File: file})
	if err != nil {
		t.Fatalf("%v\n%s", err, yaml)
	}
	return cfg
}
