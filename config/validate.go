package config

import (
	"fmt"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	streamName      = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,128}$`)
	streamARN       = regexp.MustCompile(`^arn:aws[a-z-]*:kinesis:([a-z0-9-]+):\d{12}:stream/([a-zA-Z0-9_.-]{1,128})$`)
	regionName      = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-\d+$`)
	tableName       = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,255}$`)
	outputName      = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,64}$`)
	bucketName      = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	objectExtension = regexp.MustCompile(`^\.[0-9a-z!_.*'()-]{1,127}$`)
)

// validator collects problems, one for a field at most: what could not be
// read is not complained about again, nor missed when the section around it
// could not be read.
type validator struct{ known, found Problems }

// must reports a field whose value does not hold what it should.
func (v *validator) must(ok bool, field, text, got string) {
	section := field[:max(strings.LastIndexByte(field, '.'), 0)]
	if ok || v.known.has(field) || v.found.has(field) || got == "" && v.known.has(section) {
		return
	}
	v.found.Add(field, text, got)
}

// validate checks every rule, and fills in what follows from other keys
// between the rules for single keys and those for several.
func (c *Config) validate(known Problems) Problems {
	v := &validator{known: known}
	c.deriveCodecs()
	v.limits(c)
	v.stream(c.Stream)
	v.services(c)
	v.must(len(c.Outputs) > 0, "outputs", "at least one output is required; write an entry with a bucket", "")
	c.deriveSteps()
	for i, s := range c.Steps {
		v.step(fmt.Sprintf("steps[%d]", i), s)
	}
	v.stepNames(c.Steps)
	for i, o := range c.Outputs {
		v.output(fmt.Sprintf("outputs[%d]", i), o)
	}
	for _, u := range c.Buckets() {
		v.role(u.Section, u.Role)
	}
	c.derive()
	names := make(map[string]bool)
	for i, o := range c.Outputs {
		v.must(!names[o.Name], fmt.Sprintf("outputs[%d].name", i), "must differ from the names of the other outputs", o.Name)
		names[o.Name] = true
	}
	v.roles(c)
	v.tables(c)
	v.prefixes(c)
	return v.found
}

// limits checks what the tags oneof, later, min and max say.
func (v *validator) limits(c *Config) {
	walk(reflect.ValueOf(c).Elem(), "", func(key string, o Option, field reflect.Value) {
		got := fmt.Sprint(field.Interface())
		switch {
		case slices.Contains(o.later, got):
			v.must(false, key, "is not written by this version yet; use "+o.Allowed, got)
		case o.oneof != nil:
			v.must(slices.Contains(o.oneof, got), key, "must be "+o.Allowed+rightCase(got, o.oneof...), got)
		case o.min != "":
			v.must(field.Int() >= limit(field, o.min, 0) && field.Int() <= limit(field, o.max, 1<<63-1),
				key, "must be "+o.Allowed+withUnit(field, o), got)
		}
	})
}

// rightCase is advice for a value that is an allowed one but for its case.
func rightCase(got string, allowed ...string) string {
	for _, a := range allowed {
		if got != a && strings.EqualFold(got, a) {
			return "; write " + a
		}
	}
	return ""
}

// withUnit is advice for a Size of so few bytes that MiB must have been meant.
func withUnit(field reflect.Value, o Option) string {
	n := field.Int()
	inMiB := n * int64(MiB)
	if _, size := field.Interface().(Size); !size || n <= 0 || n > 5*1024 || inMiB < limit(field, o.min, 0) || inMiB > limit(field, o.max, 1<<63-1) {
		return ""
	}
	return fmt.Sprintf("; a number without a unit is bytes: write %dMiB", n)
}

// limit reads a limit in the field's type; without one it is none.
func limit(field reflect.Value, text string, none int64) int64 {
	if text == "" {
		return none
	}
	n := reflect.New(field.Type()).Elem()
	if err := setText(n, text); err != nil {
		panic("config: limit " + text + ": " + err.Error())
	}
	return n.Int()
}

func (v *validator) stream(s Stream) {
	v.must(s.Name != "" || s.ARN != "", "stream.name", "is required, unless stream.arn is given", "")
	v.must(s.Name == "" || streamName.MatchString(s.Name), "stream.name", "must be 1 to 128 letters, digits, _ . or -", s.Name)
	v.must(s.Region == "" || regionName.MatchString(s.Region), "stream.region", "must be a region such as eu-west-1", s.Region)
	if m := streamARN.FindStringSubmatch(s.ARN); m != nil {
		v.must(s.Region == "" || s.Region == m[1], "stream.region", "must be the region in stream.arn, "+m[1]+", or left out", s.Region)
		v.must(s.Name == "" || s.Name == m[2], "stream.name", "must be the name in stream.arn, "+m[2]+", or left out", s.Name)
	} else {
		v.must(s.ARN == "", "stream.arn", "must be arn:aws:kinesis:<region>:<account>:stream/<name>", s.ARN)
	}
	v.role("stream", s.Role())
	if s.InitialPosition != "TRIM_HORIZON" && s.InitialPosition != "LATEST" {
		_, err := time.Parse(time.RFC3339, s.InitialPosition)
		v.must(err == nil, "stream.initial_position", "must be TRIM_HORIZON, LATEST or an RFC 3339 time such as 2026-01-31T06:00:00Z"+rightCase(s.InitialPosition, "TRIM_HORIZON", "LATEST"), s.InitialPosition)
	}
}

func (v *validator) services(c *Config) {
	const table = "must be 3 to 255 letters, digits, _ . or -"
	v.must(c.Leases.Application == "" || tableName.MatchString(c.Leases.Application), "leases.application", table, c.Leases.Application)
	v.must(c.Leases.Table == "" || tableName.MatchString(c.Leases.Table), "leases.table", table, c.Leases.Table)
	v.bucket("errors.bucket", c.Errors.Bucket)
	v.bucket("journal.bucket", c.Journal.Bucket)
	v.endpoint("stream.endpoint", c.Stream.Endpoint)
	v.endpoint("leases.endpoint", c.Leases.Endpoint)
	v.endpoint("s3.endpoint", c.S3.Endpoint)
	v.must(c.S3.KMSKey == "" || c.S3.SSE == "aws:kms", "s3.kms_key", "is used only where s3.sse is aws:kms; set that or leave the key out", c.S3.KMSKey)
	if l := c.Server.Listen; l != "" && l != "off" {
		_, port, err := net.SplitHostPort(l)
		n, numErr := strconv.ParseUint(port, 10, 16)
		v.must(err == nil && numErr == nil && strconv.FormatUint(n, 10) == port, "server.listen", "must be host:port such as :8080 or 127.0.0.1:8080, or off", l)
	}
}

func (v *validator) output(path string, o Output) {
	v.must(o.Name == "" || outputName.MatchString(o.Name), path+".name", "must be 1 to 64 letters, digits, _ . or -", o.Name)
	v.must(o.Bucket != "", path+".bucket", "is required", "")
	v.bucket(path+".bucket", o.Bucket)
	v.must(o.Extension == "" || objectExtension.MatchString(o.Extension), path+".extension", "must be a dot and up to 127 lower-case letters, digits or ! - _ . * ' ( )", o.Extension)
	v.timestamp(path, o)
	v.codec(path, o)
	v.format(path, o)
	_, err := time.LoadLocation(o.TimeZone)
	v.must(err == nil && o.TimeZone != "Local", path+".time_zone", "must be UTC or an IANA name such as Europe/Berlin", o.TimeZone)
}

func (v *validator) bucket(field, name string) {
	if name == "" {
		return
	}
	ok := bucketName.MatchString(name) && !strings.Contains(name, "..") && net.ParseIP(name) == nil
	v.must(ok, field, "must be a bucket's name alone: 3 to 63 lower-case letters, digits, . or -, with a letter or digit at both ends", name)
}

func (v *validator) endpoint(field, text string) {
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	ok := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
	v.must(ok, field, "must be an http or https URL such as http://localhost:4566", text)
	if ok {
		v.must(u.User == nil && u.RawQuery == "" && u.Fragment == "", field, "must have no user, query or fragment; credentials come from the AWS SDK's default chain", text)
	}
}
