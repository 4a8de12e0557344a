package dynamofake

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// sample is the item that the tables of expressions work on.
func sample() attrs {
	return attrs{"k": S("a"), "a": S("x"), "n": N("5"), "m": M(attrs{"x": N("1"), "l": L(N("1"), N("2"))}),
		"l": L(S("p"), S("q"), S("r")), "ss": SS("a", "b"), "nn": &types.AttributeValueMemberNULL{Value: true},
		"b": &types.AttributeValueMemberB{Value: []byte{1, 2}}}
}

func TestConditionsHoldOrNot(t *testing.T) {
	values := attrs{":x": S("x"), ":y": S("y"), ":1": N("1"), ":5": N("5.0"), ":2": N("2"), ":3": N("3"), ":9": N("9"),
		":q": S("q"), ":sa": S("a"), ":set": SS("b", "a"), ":str": S("S"), ":null": S("NULL"), ":b": &types.AttributeValueMemberB{Value: []byte{1}}}
	e := newEnv(t)
	e.put(t, sample())
	for _, c := range []struct {
		expr string
		want bool
	}{
		{"a = :x", true}, {"(a) = :x", true}, {"a <> :x", false}, {"a <> :y", true}, {"a < :y", true}, {"a >= :y", false},
		{"n = :5", true}, {"n > :x", false}, {"n <= :5", true}, {"n > :1", true}, {"ss = :set", true}, {"b > :b", true},
		{"zz <> :x", true}, {"zz = yy", false}, {"zz <> yy", true}, {"zz < :x", false}, {"NOT zz = :x", true}, {"a[0] = :x", false}, {"a.b = :x", false},
		{"attribute_exists(a)", true}, {"attribute_exists(m.x)", true}, {"attribute_exists(m.zz)", false}, {"attribute_exists(l[2])", true},
		{"attribute_exists(l[3])", false}, {"attribute_not_exists(zz)", true}, {"attribute_type(a, :str)", true}, {"attribute_type(nn, :null)", true},
		{"attribute_type(n, :str)", false}, {"begins_with(a, :x)", true}, {"begins_with(a, :y)", false}, {"begins_with(b, :b)", true},
		{"contains(l, :q)", true}, {"contains(l, :x)", false}, {"contains(ss, :sa)", true}, {"contains(ss, :set)", false}, {"contains(a, :1)", false},
		{"size(l) = :3", true}, {"size(ss) = :2", true}, {"size(m) = :2", true}, {"size(a) = :1", true}, {"size(b) < :3", true}, {"size(n) = :1", false},
		{"n BETWEEN :1 AND :9", true}, {"a BETWEEN :y AND :y", false}, {"a IN (:y, :x)", true}, {"a IN (:y, (:q))", false},
		{"a = :y AND a = :x OR n = :5", true}, {"a = :y AND (a = :x OR n = :5)", false}, {"NOT a = :y AND n = :5", true}, {"NOT (a = :y OR n = :5)", false},
		{"not NOT a = :x", true}, {"a=:x and(n=:5)", true}, {"m.l[1] = :2", true}, {"m . l [ 1 ] = :2", true}, {":x = a", true}, {":x = :x", true},
		{"attribute_exists(#dot.x) OR n = :5", true}, {"#dot.x = :1", false}, {"#m.#x = :1", true},
	} {
		in := &dynamodb.PutItemInput{TableName: &e.table, Item: sample(), ConditionExpression: aws.String(c.expr)}
		for _, tok := range lex(c.expr) {
			if tok.kind == tokenValue {
				if in.ExpressionAttributeValues == nil {
					in.ExpressionAttributeValues = attrs{}
				}
				in.ExpressionAttributeValues[tok.text] = values[tok.text]
			}
		}
		for name, v := range map[string]string{"#dot": "m.x", "#m": "m", "#x": "x"} {
			if strings.Contains(c.expr, name) {
				if in.ExpressionAttributeNames == nil {
					in.ExpressionAttributeNames = map[string]string{}
				}
				in.ExpressionAttributeNames[name] = v
			}
		}
		_, err := e.PutItem(t.Context(), in)
		if c.want && err != nil {
			t.Errorf("%s: %v", c.expr, err)
		} else if !c.want {
			refused(t, err, "ConditionalCheckFailedException", "The conditional request failed")
		}
	}
}

func TestBadConditionsAreRefused(t *testing.T) {
	e := newEnv(t)
	e.put(t, sample())
	for _, c := range []struct {
		expr, want string
	}{
		{"a = = :v", `Syntax error; token: "=", near: "= = :v"`},
		{"a == :v", `Syntax error; token: "=", near: "== :v"`},
		{"a = :v AND", `Syntax error; token: "<EOF>", near: "AND"`},
		{"a", `Syntax error; token: "<EOF>", near: "a"`},
		{"a = ", `Syntax error; token: "<EOF>", near: "= "`},
		{" a b", `Syntax error; token: "b", near: "a b"`},
		{"_a = :v", `Syntax error; token: "_", near: "_a"`},
		{"a[01] = :v", `Syntax error; token: "1", near: "01]"`},
		{"a[-1] = :v", `Syntax error; token: "-", near: "[-1"`},
		{"a = 5", `Syntax error; token: "5", near: "= 5"`},
		{"a = 'x'", `Syntax error; token: "'", near: "= 'x"`},
		{"a = : v", `Syntax error; token: ":", near: "= : v"`},
		{"é = :v", `Syntax error; token: "é", near: "é ="`},
		{"a IN ()", `Syntax error; token: ")", near: "()"`},
		{"a IN :v", `Syntax error; token: ":v", near: "IN :v"`},
		{"(a = :v", `Syntax error; token: "<EOF>", near: ":v"`},
		{"a = :v)", `Syntax error; token: ")", near: ":v)"`},
		{"a + :v = :v", `Syntax error; token: "+", near: "a + :v"`},
		{"(a = :v) = :v", `Syntax error; token: "=", near: ") = :v"`},
		{"a = (a = :v)", `Syntax error; token: "=", near: "a = :v"`},
		{"a BETWEEN :v OR :v", `Syntax error; token: "OR", near: ":v OR :v"`},
		{"a OR a = :v", `Syntax error; token: "OR", near: "a OR a"`},
		{"REMOVE = :v", `Syntax error; token: "REMOVE", near: "REMOVE ="`},
		{"owner = = :v", `Syntax error; token: "=", near: "= = :v"`},
		{"owner = :v", "Attribute name is a reserved keyword; reserved keyword: owner"},
		{"m.Status = :v", "Attribute name is a reserved keyword; reserved keyword: Status"},
		{"a = :w", "An expression attribute value used in expression is not defined; attribute value: :w"},
		{"#n = :v", "An expression attribute name used in the document path is not defined; attribute name: #n"},
		{"((a = :v))", "The expression has redundant parentheses;"},
		{"a = a", "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]"},
		{"a BETWEEN :v AND a", "The first operand must be distinct from the remaining operands for this operator or function; operator: BETWEEN, first operand: [a]"},
		{"foo(a)", "Invalid function name; function: foo"},
		{"if_not_exists(a, :v)", "The function is not allowed in a condition expression; function: if_not_exists"},
		{"size(a)", "The function is not allowed to be used this way in an expression; function: size"},
		{"attribute_exists(a) = :v", "The function is not allowed to be used this way in an expression; function: attribute_exists"},
		{"attribute_exists(:v)", "Operator or function requires a document path; operator or function: attribute_exists"},
		{"begins_with(a)", "Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1"},
		{"begins_with(a, :n)", "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"},
		{"size(:n) = :n", "Incorrect operand type for operator or function; operator or function: size, operand type: N"},
		{"a < :set", "Incorrect operand type for operator or function; operator or function: <, operand type: SS"},
		{"a BETWEEN :v AND :n", "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {S:x}, upper bound operand: AttributeValue: {N:1}"},
		{"a BETWEEN :v AND :u", "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {S:x}, upper bound operand: AttributeValue: {S:u}"},
		{"a IN (:v" + strings.Repeat(",:v", 100) + ")", "The IN operator is provided with too many operands; number of operands: 101"},
		{strings.Repeat("NOT ", 301) + "a=:v", "The expression contains too many operators; operator count: 301"},
		{"a=:v" + strings.Repeat(" ", 4096), "Expression size has exceeded the maximum allowed size; expression size: 4100"},
		{"a[99999999999] = :v", "List index is not within the allowable range; index: [99999999999]"},
		{"a" + strings.Repeat(".x", 32) + " = :v", "The document path has too many nesting levels; nesting levels: 33"},
	} {
		_, err := e.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &e.table, Item: sample(), ConditionExpression: aws.String(c.expr),
			ExpressionAttributeValues: attrs{":v": S("x"), ":n": N("1"), ":u": S("u"), ":set": SS("x")}})
		refused(t, err, "ValidationException", "Invalid ConditionExpression: "+c.want)
	}
}

func TestPlaceholders(t *testing.T) {
	e := newEnv(t)
	for _, c := range []struct {
		expr, want string
		names      map[string]string
		values     attrs
	}{
		{"a = :v", "Value provided in ExpressionAttributeValues unused in expressions: keys: {:u}", nil, attrs{":v": S(""), ":u": S("")}},
		{"#a = :v", "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}", map[string]string{"#a": "a", "#b": "b"}, attrs{":v": S("")}},
		{"a = :v", `ExpressionAttributeValues contains invalid key: Syntax error; key: "v"`, nil, attrs{"v": S("")}},
		{"#a = :v", `ExpressionAttributeNames contains invalid key: Syntax error; key: "a"`, map[string]string{"a": "a"}, attrs{":v": S("")}},
		{"#a = :v", `ExpressionAttributeNames contains invalid value: Empty attribute name for key #a`, map[string]string{"#a": ""}, attrs{":v": S("")}},
		{"", "ExpressionAttributeNames can only be specified when using expressions", map[string]string{"#a": "a"}, nil},
		{"", "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null", nil, attrs{":v": S("")}},
		{"a = :v", "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An string set  may not be empty for key :v", nil, attrs{":v": SS()}},
		{"a = :v", "ExpressionAttributeValues contains invalid value: Number overflow. Attempting to store a number with magnitude larger than supported range for key :v", nil, attrs{":v": N("1e126")}},
	} {
		in := &dynamodb.PutItemInput{TableName: &e.table, Item: attrs{"k": S("a")}, ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values}
		if c.expr != "" {
			in.ConditionExpression = &c.expr
		}
		_, err := e.PutItem(t.Context(), in)
		refused(t, err, "ValidationException", c.want)
	}
}
