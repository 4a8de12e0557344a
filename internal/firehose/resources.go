package firehose

import "strings"

// named are the resources whose names a template may say: where the name stands, and what Ref returns is that name.
var named = map[string]string{
	"AWS::Kinesis::Stream":                 "Name",
	"AWS::S3::Bucket":                      "BucketName",
	"AWS::Glue::Database":                  "DatabaseInput.Name",
	"AWS::Glue::Table":                     "TableInput.Name",
	"AWS::Lambda::Function":                "FunctionName",
	"AWS::Serverless::Function":            "FunctionName",
	"AWS::Logs::LogGroup":                  "LogGroupName",
	"AWS::IAM::Role":                       "RoleName",
	"AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName",
}

// arns are those of the resources above, with the name at the end.
var arns = map[string]string{
	"AWS::Kinesis::Stream":      "kinesis:R:A:stream/",
	"AWS::S3::Bucket":           "s3:::",
	"AWS::Lambda::Function":     "lambda:R:A:function:",
	"AWS::Serverless::Function": "lambda:R:A:function:",
	"AWS::IAM::Role":            "iam::A:role/",
}

// nameOf is what Ref returns for a resource; ref says what to ask for where that is not known.
func (t *template) nameOf(id, ref string) string {
	name, known := t.names[id]
	if !known {
		t.names[id] = "" // while it is evaluated, since names may go round in circles
		name = t.literalName(id)
		t.names[id] = name
	}
	if name == "" {
		return unresolved(ref) // AWS makes a name
	}
	return name
}

// literalName is the name that the template gives a resource, empty if it gives none.
func (t *template) literalName(id string) string {
	resource, _ := t.resources[id].(map[string]any)
	kind, _ := resource["Type"].(string)
	place, ok := named[kind]
	if !ok {
		return ""
	}
	v := resource["Properties"]
	for _, member := range strings.Split(place, ".") {
		m, _ := v.(map[string]any)
		v = m[member]
	}
	return toText(t.eval(v))
}

// attribute is what Fn::GetAtt returns.
func (t *template) attribute(id, attribute string) string {
	ref := id + "." + attribute
	if v, ok := t.set.get(ref); ok {
		return v
	}
	resource, _ := t.resources[id].(map[string]any)
	kind, _ := resource["Type"].(string)
	arn, ok := arns[kind]
	if !ok || attribute != "Arn" {
		return unresolved(ref)
	}
	name := t.nameOf(id, ref)
	if name == unresolved(ref) && kind != "AWS::Kinesis::Stream" && kind != "AWS::S3::Bucket" {
		return name
	}
	pseudo := func(name string) string { text, _ := t.ref(name).(string); return text }
	arn = strings.Replace(arn, ":R:", ":"+pseudo("AWS::Region")+":", 1)
	arn = strings.Replace(arn, ":A:", ":"+pseudo("AWS::AccountId")+":", 1)
	return "arn:" + pseudo("AWS::Partition") + ":" + arn + name
}
