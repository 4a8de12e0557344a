package cost

import (
	"regexp"
	"strings"
	"testing"
)

func TestListPrices(t *testing.T) {
	p := ListPrices()
	if p.Region != "us-east-1" || p.Firehose.RecordBytes != 5120 || p.Firehose.Ingestion[0].PerGB != 0.029 || p.Fargate.VCPUHour != 0.03238 || p.EC2.Instances[0].Name != "t4g.nano" {
		t.Errorf("%+v", p)
	}
	if !regexp.MustCompile(`^20\d\d-\d\d$`).MatchString(p.AsOf) {
		t.Errorf("prices are of %q", p.AsOf)
	}
	// Each group of prices names the page it is from.
	var group string
	for line := range strings.Lines(ListPricesYAML()) {
		switch {
		case strings.HasPrefix(line, "#"):
			group += line
		case strings.HasPrefix(line, " "), strings.TrimSpace(line) == "":
		default:
			if strings.HasSuffix(line, ":\n") && !strings.Contains(group, "https://aws.amazon.com/") {
				t.Errorf("%s has no page above it", strings.TrimSpace(line))
			}
			group = ""
		}
	}
	if again, err := ParsePrices([]byte(ListPricesYAML())); err != nil || again.Logs != p.Logs {
		t.Errorf("what is printed is not read: %v", err)
	}
}

func TestOtherPrices(t *testing.T) {
	p, err := ParsePrices([]byte("region: eu-west-1\nfargate: {vcpu_hour: 1}\nfirehose: {ingestion: [{per_gb: 3}]}\nec2: {instances: [{name: mine, vcpus: 1, memory_gib: 1, hour: 0}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	list := ListPrices()
	if p.Region != "eu-west-1" || p.Fargate.VCPUHour != 1 || p.Fargate.GBHour != list.Fargate.GBHour || p.Firehose.ConversionGB != list.Firehose.ConversionGB {
		t.Errorf("%+v", p)
	}
	if len(p.Firehose.Ingestion) != 1 || len(p.EC2.Instances) != 1 || p.EC2.DiskGB != 8 {
		t.Errorf("%+v", p)
	}
	if got := tiered(1e9, p.Firehose.Ingestion); got != 3e9 {
		t.Errorf("got %v", got)
	}
}

func TestPricesThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"fargate: {vcpus: 1}":                               "read prices: line 1: unknown key vcpus; see `standpipe cost --print-prices`",
		"fargate: {vcpu_hour: dear}":                        "read prices: line 1: cannot unmarshal !!str `dear` where a number belongs; see `standpipe cost --print-prices`",
		"fargate: {vcpu_hour: -1}":                          "fargate.vcpu_hour: must be 0 or more (got -1)",
		"s3: {thousand_puts: .nan}":                         "s3.thousand_puts: must be 0 or more (got NaN)",
		"s3: {thousand_puts: .inf}":                         "s3.thousand_puts: must be 0 or more (got +Inf)",
		"firehose: {ingestion: []}":                         "firehose.ingestion: needs a tier, such as {per_gb: 0.029}",
		"firehose: {ingestion: [{up_to_gb: 5, per_gb: 1}]}": "firehose.ingestion: each tier needs a higher up_to_gb than the one before it, the last tier none",
		"firehose: {ingestion: [{up_to_gb: 5, per_gb: 1}, {up_to_gb: 5, per_gb: 1}, {per_gb: 1}]}": "firehose.ingestion: each tier needs a higher up_to_gb than the one before it, the last tier none",
		"firehose: {ingestion: [{per_gb: 1}, {per_gb: 1}]}":                                        "firehose.ingestion: each tier needs a higher up_to_gb than the one before it, the last tier none",
		"firehose: {ingestion: [{per_gb: -1}]}":                                                    "firehose.ingestion[0].per_gb: must be 0 or more (got -1)",
		"firehose: {ingestion: [{up_to_gb: -1, per_gb: 1}, {per_gb: 1}]}":                          "firehose.ingestion[0].up_to_gb: must be 0 or more (got -1)",
		"firehose: {record_rounds_up_to_bytes: 0}":                                                 "firehose.record_rounds_up_to_bytes: must be 1 or more (got 0)",
		"ec2: {instances: []}":                                                                     "ec2.instances: needs an instance",
		"ec2: {instances: [{name: x}]}":                                                            `ec2.instances: "x" needs a name, vcpus and memory_gib`,
		"region: a\n---\nregion: b":                                                                "read prices: more than one YAML document",
		"\t":                                                                                       "read prices: yaml: found character that cannot start any token; see `standpipe cost --print-prices`",
		"[]":                                                                                       "read prices: line 1: cannot unmarshal !!seq where keys or a list belong; see `standpipe cost --print-prices`",
		"fargate: 1":                                                                               "read prices: line 1: cannot unmarshal !!int `1` where keys or a list belong; see `standpipe cost --print-prices`",
		"ec2: {instances: 1}":                                                                      "read prices: line 1: cannot unmarshal !!int `1` where keys or a list belong; see `standpipe cost --print-prices`",
		"region: [a]":                                                                              "read prices: line 1: cannot unmarshal !!seq where a text belongs; see `standpipe cost --print-prices`",
	} {
		if _, err := ParsePrices([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
	for _, text := range []string{"", "# nothing\n", "firehose: {record_rounds_up_to_bytes: 1}"} {
		if _, err := ParsePrices([]byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
