package firehose

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

const moduleText = `
provider "aws" {
  region = var.region
}
provider "aws" {
  alias  = "other"
  region = "us-west-1"
}
variable "region" { default = "eu-west-1" }
variable "stage" { default = "dev" }
variable "unknown" {}
variable "on" { default = false }
variable "size" { type = number }
variable "list" { type = list(string) }
variable "settings" {
  default = { prefix = "p/", sizes = [64, 128] }
}
variable "round" { default = 1 }
locals {
  stage  = upper(var.stage)
  around = local.there
  there  = local.around
}
resource "aws_kinesis_stream" "named" { name = "s-${var.stage}" }
resource "aws_kinesis_stream" "unnamed" { name_prefix = "x" }
resource "aws_kinesis_stream" "many" {
  for_each = toset(["a"])
  name     = "many"
}
data "aws_s3_bucket" "lake" { bucket = "lake" }
resource "aws_s3_bucket" "self" { bucket = "${aws_s3_bucket.self.id}x" }
`

// argument is what an expression becomes.
func argument(t *testing.T, expression string, set map[string]string) any {
	t.Helper()
	text := moduleText + "\nresource \"aws_kinesis_firehose_delivery_stream\" \"d\" {\n  v = " + expression + "\n}\n"
	m := newModule(newValues(set))
	if err := m.readNative(File{Name: "main.tf", Data: []byte(text)}); err != nil {
		t.Fatalf("%v\n%s", err, expression)
	}
	v := m.arguments(m.resources[resourceType+".d"], nil)["v"]
	if text, ok := v.(string); ok {
		return shown(text)
	}
	return v
}

func TestExpressions(t *testing.T) {
	for expression, want := range map[string]any{
		`"${var.stage}-x"`:                                      "dev-x",
		`local.stage`:                                           "DEV",
		`var.unknown`:                                           "${var.unknown}",
		`var.unknown.part`:                                      "${var.unknown.part}",
		`var.missing`:                                           "${var.missing}",
		`"a/${var.unknown}/!{timestamp:yyyy}"`:                  "a/${var.unknown}/!{timestamp:yyyy}",
		`var.settings.prefix`:                                   "p/",
		`var.settings["sizes"][1]`:                              "128",
		`var.settings.none`:                                     "${var.settings.none}",
		`var.stage == "prod" ? 300 : 60`:                        "60",
		`var.unknown == "prod" ? 300 : 60`:                      "60",
		`var.unknown ? 300 : 60`:                                "${var.unknown ? 300 : 60}",
		`local.around`:                                          "${local.around}",
		`aws_kinesis_stream.named.arn`:                          "arn:aws:kinesis:eu-west-1:${account_id}:stream/s-dev",
		`aws_kinesis_stream.named.name`:                         "s-dev",
		`aws_kinesis_stream.named.id`:                           "arn:aws:kinesis:eu-west-1:${account_id}:stream/s-dev",
		`aws_kinesis_stream.many["a"].name`:                     "many",
		`aws_kinesis_stream.unnamed.arn`:                        "${aws_kinesis_stream.unnamed.arn}",
		`[for s in aws_kinesis_stream.named[*] : s.arn][0]`:     "${[for s in aws_kinesis_stream.named[*] : s.arn][0]}",
		`data.aws_s3_bucket.lake.arn`:                           "arn:aws:s3:::lake",
		`aws_s3_bucket.self.arn`:                                "arn:aws:s3:::${aws_s3_bucket.self.bucket}x",
		`data.aws_region.current.name`:                          "eu-west-1",
		`data.aws_caller_identity.me.account_id`:                "${data.aws_caller_identity.me.account_id}",
		`module.lake.bucket_arn`:                                "${module.lake.bucket_arn}",
		`"${path.module}/x"`:                                    "${path.module}/x",
		`file("${path.module}/query.jq")`:                       `${file("${path.module}/query.jq")}`,
		`replace("a_b", "_", "-")`:                              "a-b",
		`replace("a1b", "/[0-9]/", "-")`:                        "a-b",
		`format("%s-%03d", "x", 7)`:                             "x-007",
		`format("%99999999s", "x")`:                             `${format("%99999999s", "x")}`,
		`base64encode("####")`:                                  "IyMjIw==",
		`base64encode(var.unknown)`:                             "${base64encode(var.unknown)}",
		`base64decode("IyMjIw==")`:                              "####",
		`jsonencode({a = 1})`:                                   `{"a":1}`,
		`try(var.settings.none, "other")`:                       "other",
		`[for s in ["a"] : upper(s)]`:                           []any{"A"},
		`{a = null, b = [true, 1.5]}`:                           map[string]any{"a": nil, "b": []any{"true", "1.5"}},
		"<<-EOT\n    {customer: .id}\n  EOT":                    "{customer: .id}\uFFFD",
		`coalesce(null, "x")`:                                   "x",
		`join("", [for i in [1, 2] : "x"])`:                     "xx",
		`1e400`:                                                 "1e+400",
		`nonesuch("x")`:                                         `${nonesuch("x")}`,
		`substr(var.unknown, 0, 4)`:                             "${var}",
		`join("", sort(["b", "a"]))`:                            "ab",
		`element(["a", "b"], 1)`:                                "b",
		`lookup({dev = "d"}, var.stage, "x")`:                   "d",
		`merge({a = "1"}, {b = "2"})`:                           map[string]any{"a": "1", "b": "2"},
		`"%{if var.stage == "dev"}yes%{else}no%{endif}"`:        "yes",
		`terraform.workspace`:                                   "${terraform.workspace}",
		`"arn:aws:iam::${var.round}:role/${aws_iam_role.r.id}"`: "arn:aws:iam::1:role/${aws_iam_role.r.id}",
	} {
		if got := argument(t, expression, nil); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, want %#v", expression, got, want)
		}
	}
	set := map[string]string{"stage": "prod", "var.unknown": "u", "module.lake.bucket_arn": "m", "account_id": "1", "path.module": ".", "on": "true", "size": "5", "list": `["a", "b"]`, "settings": "{prefix = "}
	for expression, want := range map[string]any{
		`"${var.stage}-${var.unknown}"`: "prod-u",
		`module.lake.bucket_arn`:        "m",
		`var.on == true ? "y" : "n"`:    "y",
		`var.size == 5 ? "y" : "n"`:     "y",
		`join("", var.list)`:            "ab",
		`var.settings`:                  "{prefix = ",
		`aws_kinesis_stream.named.arn`:  "arn:aws:kinesis:eu-west-1:1:stream/s-prod",
		`file("${path.module}/q")`:      `${file("${path.module}/q")}`,
	} {
		if got := argument(t, expression, set); !reflect.DeepEqual(got, want) {
			t.Errorf("%s with values: got %#v, want %#v", expression, got, want)
		}
	}
}

// resource is a delivery stream in Terraform with something besides.
func resource(name, above, inside string) File {
	return File{Name: "main.tf", Data: []byte(above + `
resource "aws_kinesis_firehose_delivery_stream" "` + name + `" {
  ` + inside + `
  destination = "extended_s3"
  kinesis_source_configuration {
    kinesis_stream_arn = "arn:aws:kinesis:eu-west-1:111122223333:stream/s"
  }
  extended_s3_configuration {
    bucket_arn = "arn:aws:s3:::lake"
  }
}
`)}
}

func TestInstances(t *testing.T) {
	names := func(f File, set map[string]string) string {
		found, err := Read([]File{f}, set)
		if err != nil {
			return err.Error()
		}
		var all []string
		for _, one := range found {
			all = append(all, strings.TrimPrefix(one.Address, resourceType+".")+" "+shown(one.Stream.DeliveryStreamName))
		}
		return strings.Join(all, ", ")
	}
	for inside, want := range map[string]string{
		`name = "a"`: "d a",
		"count = 1\n  name = \"a-${count.index}\"":                               "d a-0",
		"count = 2\n  name = \"a-${count.index}\"":                               "d[0] a-0, d[1] a-1",
		"count = 0\n  name = \"a\"":                                              "",
		"count = var.on ? 1 : 0\n  name = \"a\"":                                 "d a",
		"count = 1000000\n  name = \"a\"":                                        "100 of them",
		"for_each = toset([\"x\", \"y\"])\n  name = each.key":                    `d["x"] x, d["y"] y`,
		"for_each = {x = {n = \"1\"}}\n  name = \"${each.key}-${each.value.n}\"": `d["x"] x-1`,
		"for_each = var.all\n  name = each.key":                                  "d ${each.key}",
		"for_each = {}\n  name = each.key":                                       "",
	} {
		got := names(resource("d", "", inside), nil)
		if n := strings.Count(got, ","); n > 10 {
			got = fmt.Sprintf("%d of them", n+1)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", inside, got, want)
		}
	}
	if got := names(resource("d", "", "name = var.n"), map[string]string{"n": "x"}); got != "d x" {
		t.Error(got)
	}
	if got := names(resource("d", "", "name = var.n"), map[string]string{"m": "x"}); !strings.Contains(got, "depends on m") {
		t.Error(got)
	}
	if got := names(File{Name: "main.tf", Data: []byte("module \"lake\" {\n  source = \"./lake\"\n}\n")}, nil); !strings.Contains(got, "there are modules (lake)") {
		t.Error(got)
	}
	if got := names(File{Name: "main.tf", Data: []byte("resource \"x")}, nil); !strings.Contains(got, "read main.tf: main.tf:1,") {
		t.Error(got)
	}
	if got := names(File{Name: "main.tf", Data: make([]byte, mostHCL+1)}, nil); !strings.Contains(got, "larger than 1 MiB") {
		t.Error(got)
	}
}

// TestDeepExpressionsEnd has thousands of brackets and signs, and local values that double each other.
func TestDeepExpressionsEnd(t *testing.T) {
	for _, one := range []string{"(", "[", "!", "-", "- ", "{a=", "x?1:", "\"${", "x(", "x[", "1+", "%{if x}", "x."} {
		many := strings.Repeat(one, 20_000/len(one))
		_, _ = Read([]File{{Name: "main.tf", Data: []byte("locals {\n a = " + many + "\n}\n")}}, nil)
		_, _ = Read([]File{{Name: "main.tf", Data: []byte("locals {\n a = \"" + many + "\"\n}\n")}}, nil)
		text, err := json.Marshal("${" + many + "}")
		if err != nil {
			t.Fatal(err)
		}
		f := resource("d", "", "name = local.a")
		_, _ = Read([]File{f, {Name: "x.tf.json", Data: []byte(`{"locals": {"a": ` + string(text) + `}}`)}}, nil)
	}
	above := "locals {\n  l0 = \"xxxxxxxx\"\n"
	for i := 1; i < 60; i++ {
		above += fmt.Sprintf("  l%d = \"${local.l%d}${local.l%d}\"\n  t%[1]d = [local.t%[2]d, local.t%[2]d]\n", i, i-1, i-1)
	}
	began := time.Now()
	found, err := Read([]File{resource("d", above+"  t0 = [1, 2]\n}\n", "name = local.l59\n  tags = {x = local.t40}")}, nil)
	if err != nil || len(found) != 1 || len(found[0].Stream.DeliveryStreamName) > 2*longestText || time.Since(began) > 5*time.Second {
		t.Error(err, len(found), time.Since(began))
	}
}

// TestStateFile reads terraform.tfstate.
func TestStateFile(t *testing.T) {
	state := `{"version": 4, "terraform_version": "1.9.8", "lineage": "x", "resources": [
  {"mode": "managed", "type": "aws_kinesis_firehose_delivery_stream", "name": "a", "module": "module.m", "instances": [
    {"index_key": "eu", "attributes": {"name": "a-eu", "region": "eu-west-1", "extended_s3_configuration": [{"bucket_arn": "arn:aws:s3:::lake", "prefix": "", "buffering_size": 5}]}},
    {"index_key": 1, "attributes": {"name": "a-1"}}, {"attributes": null}]},
  {"mode": "data", "type": "aws_kinesis_firehose_delivery_stream", "name": "b", "instances": [{"attributes": {"name": "b"}}]}]}`
	found, err := Read([]File{{Name: "-", Data: []byte(state)}}, nil)
	if err != nil || len(found) != 2 {
		t.Fatal(found, err)
	}
	f := found[0]
	if f.Address != `module.m.aws_kinesis_firehose_delivery_stream.a["eu"]` || f.Stream.DeliveryStreamName != "a-eu" || f.Region != "eu-west-1" || f.Stream.s3().Prefix != nil || *f.Stream.s3().BufferingHints.SizeInMBs != 5 {
		t.Errorf("%+v", f)
	}
}
