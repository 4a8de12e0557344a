package firehose

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// evaluated is what a template's function becomes.
func evaluated(t *testing.T, function string, set map[string]string) any {
	t.Helper()
	text := `
Parameters:
  Stage: {Type: String, Default: dev}
  Zones: {Type: CommaDelimitedList, Default: "a, b"}
  Bucket: {Type: String}
  Path: {Type: "AWS::SSM::Parameter::Value<String>", Default: /lake}
Mappings:
  Sizes: {dev: {MB: 1}, prod: {MB: 5}}
Conditions:
  Dev: !Equals [!Ref Stage, dev]
  Prod: !Not [!Condition Dev]
  Both: !And [!Condition Dev, !Condition Prod]
  Either: !Or [!Condition Prod, !Condition Dev]
  Open: !Equals [!Ref Bucket, x]
  Round: !Not [!Condition Round]
Resources:
  Named: {Type: "AWS::Kinesis::Stream", Properties: {Name: !Sub "s-${Stage}"}}
  Unnamed: {Type: "AWS::S3::Bucket"}
  Me: {Type: "AWS::S3::Bucket", Properties: {BucketName: !Sub "${Me}-${Me}"}}
  Table: {Type: "AWS::Glue::Table", Properties: {TableInput: {Name: calls}}}
  Delivery:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      DeliveryStreamName: x
      Tags: {V: ` + function + `}
`
	trees, err := yamlTrees([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	m := trees[0].(map[string]any)
	tmpl := newTemplate(m, newValues(set))
	delivery := m["Resources"].(map[string]any)["Delivery"].(map[string]any)
	v := tmpl.eval(delivery["Properties"]).(map[string]any)["Tags"].(map[string]any)
	if text, ok := v["V"].(string); ok {
		return shown(text)
	}
	return v["V"]
}

func TestIntrinsicFunctions(t *testing.T) {
	for function, want := range map[string]any{
		`!Ref Stage`:                             "dev",
		`!Ref Bucket`:                            "${Bucket}",
		`!Ref Path`:                              "${Path}",
		`!Ref Zones`:                             []any{"a", "b"},
		`!Ref Named`:                             "s-dev",
		`!Ref Table`:                             "calls",
		`!Ref Unnamed`:                           "${Unnamed}",
		`!Ref Me`:                                "${Me}-${Me}",
		`!Ref AWS::NoValue`:                      nil,
		`!Ref "AWS::Partition"`:                  "aws",
		`!GetAtt Named.Arn`:                      "arn:aws:kinesis:${AWS::Region}:${AWS::AccountId}:stream/s-dev",
		`{"Fn::GetAtt": [Named, Arn]}`:           "arn:aws:kinesis:${AWS::Region}:${AWS::AccountId}:stream/s-dev",
		`!GetAtt Unnamed.Arn`:                    "arn:aws:s3:::${Unnamed.Arn}",
		`!GetAtt Role.Arn`:                       "${Role.Arn}",
		`!Sub "${Stage}-${!Stage}-${Named.Arn}"`: "dev-${Stage}-arn:aws:kinesis:${AWS::Region}:${AWS::AccountId}:stream/s-dev",
		`!Sub ["${a}/!{timestamp:yyyy}", {a: !Ref Stage}]`: "dev/!{timestamp:yyyy}",
		`!Sub "${AWS::AccountId}-x"`:                       "${AWS::AccountId}-x",
		`!Sub "${unclosed"`:                                "${unclosed",
		`!Join ["-", [a, !Ref Stage]]`:                     "a-dev",
		`!Join [",", !Ref Zones]`:                          "a,b",
		`!Select [1, !Ref Zones]`:                          "b",
		`!Select [7, !Ref Zones]`:                          "${Select 7}",
		`!Split ["/", "x/y"]`:                              []any{"x", "y"},
		`!Select [0, !Split [":", !Ref Bucket]]`:           "${Select 0 ${Split : ${Bucket}}}",
		`!Base64 "####"`:                                   "IyMjIw==",
		`!FindInMap [Sizes, !Ref Stage, MB]`:               "1",
		`!FindInMap [Sizes, other, MB]`:                    "${FindInMap Sizes other MB}",
		`!ImportValue lake-arn`:                            "${ImportValue lake-arn}",
		`!If [Dev, a, b]`:                                  "a",
		`!If [Prod, a, b]`:                                 "b",
		`!If [Both, a, b]`:                                 "b",
		`!If [Either, a, b]`:                               "a",
		`!If [Open, a, b]`:                                 "${If Open}",
		`!If [Round, a, b]`:                                "${If Round}",
		`!If [Dev, {a: !Ref Stage}, !Ref AWS::NoValue]`:    map[string]any{"a": "dev"},
		`["x", !If [Dev, !Ref AWS::NoValue, y]]`:           []any{"x"},
		`"{{resolve:ssm:/lake/bucket:1}}-x"`:               "${resolve:ssm:/lake/bucket:1}-x",
		`"{{resolve:x"`:                                    "{{resolve:x",
		`300`:                                              "300",
		`true`:                                             "true",
		`!Transform {Name: x}`:                             "${Transform}",
	} {
		if got := evaluated(t, function, nil); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, want %#v", function, got, want)
		}
	}
	set := map[string]string{"Stage": "prod", "Bucket": "b", "AWS::Region": "eu-west-1", "AWS::AccountId": "1", "Role.Arn": "r", "ImportValue lake-arn": "i", "Unnamed.Arn": "u"}
	for function, want := range map[string]any{
		`!If [Dev, a, b]`:              "b",
		`!If [Open, a, b]`:             "b",
		`!GetAtt Named.Arn`:            "arn:aws:kinesis:eu-west-1:1:stream/s-prod",
		`!GetAtt Role.Arn`:             "r",
		`!GetAtt Unnamed.Arn`:          "u",
		`!ImportValue lake-arn`:        "i",
		`!Sub "${Bucket}-${Role.Arn}"`: "b-r",
	} {
		if got := evaluated(t, function, set); !reflect.DeepEqual(got, want) {
			t.Errorf("%s with values: got %#v, want %#v", function, got, want)
		}
	}
}

// TestFunctionsThatGrowEnd has names that refer to two others each, and a text that doubles at each level.
func TestFunctionsThatGrowEnd(t *testing.T) {
	var b strings.Builder
	b.WriteString("Resources:\n")
	for i := range 100 {
		fmt.Fprintf(&b, "  R%d: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Sub '${R%d}${R%d}'}}\n", i, i+1, i+1)
	}
	nested := "x"
	for range 60 {
		nested = "!Sub ['${a}${a}', {a: " + nested + "}]"
	}
	b.WriteString("  D:\n    Type: AWS::KinesisFirehose::DeliveryStream\n    Properties: {DeliveryStreamName: !Ref R0, Tags: [" + nested + "]}\n")
	began := time.Now()
	found, err := Read([]File{{Name: "t.yaml", Data: []byte(b.String())}}, nil)
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if n := len(found[0].Stream.DeliveryStreamName); n > 2*longestText || time.Since(began) > 5*time.Second {
		t.Errorf("%d bytes in %s", n, time.Since(began))
	}
}

func TestAliasesOfAliasesEnd(t *testing.T) {
	text := "a0: &a0 [x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 12; i++ {
		text += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 8), ", "))
	}
	if _, err := Read([]File{{Name: "t.yaml", Data: []byte(text)}}, nil); err == nil || !strings.Contains(err.Error(), "aliases") {
		t.Error(err)
	}
}
