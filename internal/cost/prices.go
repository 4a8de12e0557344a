package cost

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed prices.yaml
var listPrices []byte

// Prices are what services charge, in US dollars. Those that are no tier or instance are rates of the unit in their key.
type Prices struct {
	Region string `yaml:"region"`
	AsOf   string `yaml:"as_of"` // when they were list prices, as text

	Firehose FirehosePrices `yaml:"firehose"`
	Fargate  struct {
		VCPUHour float64 `yaml:"vcpu_hour"`
		GBHour   float64 `yaml:"gb_hour"`
	} `yaml:"fargate"`
	EC2 struct {
		Instances   []Instance `yaml:"instances"`
		DiskGB      float64    `yaml:"disk_gb"`
		DiskGBMonth float64    `yaml:"disk_gb_month"`
	} `yaml:"ec2"`
	DynamoDB struct {
		MillionWrites float64 `yaml:"million_writes"`
		MillionReads  float64 `yaml:"million_reads"`
	} `yaml:"dynamodb"`
	S3 struct {
		ThousandPuts float64 `yaml:"thousand_puts"`
		ThousandGets float64 `yaml:"thousand_gets"`
	} `yaml:"s3"`
	Kinesis struct {
		ShardHour       float64 `yaml:"shard_hour"`
		MillionPutUnits float64 `yaml:"million_put_units"`
	} `yaml:"kinesis"`
	Logs struct {
		IngestionPerGB float64 `yaml:"ingestion_per_gb"`
	} `yaml:"logs"`
	Network struct {
		PublicIPv4Hour float64 `yaml:"public_ipv4_hour"`
		EndpointHour   float64 `yaml:"endpoint_hour"`
		EndpointGB     float64 `yaml:"endpoint_gb"`
		NATHour        float64 `yaml:"nat_hour"`
		NATGB          float64 `yaml:"nat_gb"`
	} `yaml:"network"`
}

// FirehosePrices are those of a Firehose stream to S3, with Direct PUT or a Kinesis data stream as its source.
type FirehosePrices struct {
	Ingestion         []Tier  `yaml:"ingestion"`
	RecordBytes       float64 `yaml:"record_rounds_up_to_bytes"` // a record counts as the next multiple of it
	ConversionGB      float64 `yaml:"conversion_per_gb"`
	PartitioningGB    float64 `yaml:"partitioning_per_gb"`
	PartitioningKilos float64 `yaml:"partitioning_per_1000_objects"`
	JQHour            float64 `yaml:"jq_per_hour"`
}

// Tier is a price for the GB of a month up to a limit.
type Tier struct {
	UpToGB float64 `yaml:"up_to_gb"` // 0 = no limit, of the last tier alone
	PerGB  float64 `yaml:"per_gb"`
}

// Instance is an EC2 instance type.
type Instance struct {
	Name      string  `yaml:"name"`
	VCPUs     float64 `yaml:"vcpus"` // that it may use all the time
	MemoryGiB float64 `yaml:"memory_gib"`
	Hour      float64 `yaml:"hour"`
}

// ListPrices are the prices of AWS in us-east-1 that ship with the program.
func ListPrices() Prices {
	p, err := ParsePrices(nil)
	if err != nil {
		panic(err) // a test reads them
	}
	return p
}

// ListPricesYAML is the text that ListPrices are read from, with the page of each: what ParsePrices takes.
func ListPricesYAML() string { return string(listPrices) }

// ParsePrices reads YAML in the form of ListPricesYAML. Keys that are left out keep their list price; unknown ones are an
// error. Tiers and instances replace the list as a whole.
func ParsePrices(text []byte) (Prices, error) {
	var p Prices
	for _, layer := range [][]byte{listPrices, text} {
		dec := yaml.NewDecoder(bytes.NewReader(layer))
		dec.KnownFields(true)
		if err := dec.Decode(&p); err != nil && !errors.Is(err, io.EOF) {
			return p, fmt.Errorf("read prices: %w", plain(err))
		}
		if err := dec.Decode(new(yaml.Node)); len(layer) > 0 && !errors.Is(err, io.EOF) {
			return p, errors.New("read prices: more than one YAML document")
		}
	}
	return p, p.check()
}

// goType is how the YAML library names what it should have filled.
var goType = regexp.MustCompile(`into (\[\]|struct|cost\.).*$`)

// plain is an error of the YAML library on one line and without the names of Go types.
func plain(err error) error {
	var typed *yaml.TypeError
	const look = "; see `standpipe cost --print-prices`"
	if !errors.As(err, &typed) {
		return fmt.Errorf("%w%s", err, look)
	}
	lines := make([]string, len(typed.Errors))
	for i, line := range typed.Errors {
		if at, key, unknown := strings.Cut(line, ": field "); unknown {
			key, _, _ = strings.Cut(key, " ")
			line = at + ": unknown key " + key
		}
		line = strings.ReplaceAll(line, "into float64", "where a number belongs")
		line = strings.ReplaceAll(line, "into string", "where a text belongs")
		lines[i] = goType.ReplaceAllString(line, "where keys or a list belong")
	}
	return errors.New(strings.Join(lines, "; ") + look)
}

// check says what is wrong with prices.
func (p *Prices) check() error {
	tiers := p.Firehose.Ingestion
	for i, t := range tiers {
		last := i == len(tiers)-1
		if last != (t.UpToGB == 0) || i > 0 && !last && t.UpToGB <= tiers[i-1].UpToGB {
			return errors.New("firehose.ingestion: each tier needs a higher up_to_gb than the one before it, the last tier none")
		}
	}
	switch {
	case len(tiers) == 0:
		return errors.New("firehose.ingestion: needs a tier, such as {per_gb: 0.029}")
	case !(p.Firehose.RecordBytes >= 1):
		return fmt.Errorf("firehose.record_rounds_up_to_bytes: must be 1 or more (got %v)", p.Firehose.RecordBytes)
	case len(p.EC2.Instances) == 0:
		return errors.New("ec2.instances: needs an instance")
	}
	for _, i := range p.EC2.Instances {
		if i.Name == "" || !(i.VCPUs > 0) || !(i.MemoryGiB > 0) {
			return fmt.Errorf("ec2.instances: %q needs a name, vcpus and memory_gib", i.Name)
		}
	}
	return usable(reflect.ValueOf(*p), "")
}

// usable refuses numbers that are no price.
func usable(v reflect.Value, key string) error {
	switch v.Kind() {
	case reflect.Float64:
		if f := v.Float(); !(f >= 0) || math.IsInf(f, 0) {
			return fmt.Errorf("%s: must be 0 or more (got %v)", key, f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := usable(v.Index(i), fmt.Sprintf("%s[%d]", key, i)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Tag.Get("yaml")
			if err := usable(v.Field(i), strings.TrimPrefix(key+"."+name, ".")); err != nil {
				return err
			}
		}
	default: // text
	}
	return nil
}
