package dynamofake

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

var updateValues = attrs{":1": N("1"), ":2": N("2"), ":tenth": N("0.1"), ":x": S("x"), ":list": L(N("1")), ":bc": SS("b", "c"), ":ab": SS("a", "b"),
	":ns": &types.AttributeValueMemberNS{Value: []string{"1"}}, ":max": N("99999999999999999999999999999999999999")}

func (e *env) update(t *testing.T, expr string, show types.ReturnValue) (attrs, error) {
	t.Helper()
	in := &dynamodb.UpdateItemInput{TableName: &e.table, Key: attrs{"k": S("a")}, UpdateExpression: aws.String(expr), ReturnValues: show}
	for _, tok := range lex(expr) {
		if tok.kind == tokenValue {
			if in.ExpressionAttributeValues == nil {
				in.ExpressionAttributeValues = attrs{}
			}
			in.ExpressionAttributeValues[tok.text] = updateValues[tok.text]
		}
	}
	out, err := e.UpdateItem(t.Context(), in)
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}

func TestUpdates(t *testing.T) {
	e := newEnv(t)
	for _, c := range []struct {
		expr string
		want attrs // what differs from the sample afterwards; nil for an attribute that is gone
	}{
		{"SET a = :1", attrs{"a": N("1")}},
		{"set a = :1 remove n", attrs{"a": N("1"), "n": nil}},
		{"SET a = n, n = a", attrs{"a": N("5"), "n": S("x")}},
		{"SET n = n + :1", attrs{"n": N("6")}},
		{"SET n = (n - :tenth)", attrs{"n": N("4.9")}},
		{"SET zz = if_not_exists(zz, :1) + :1", attrs{"zz": N("2")}},
		{"SET zz = if_not_exists(n, :1)", attrs{"zz": N("5")}},
		{"SET zz = if_not_exists(zz, if_not_exists(yy, :1))", attrs{"zz": N("1")}},
		{"SET l = list_append(l, :list)", attrs{"l": L(S("p"), S("q"), S("r"), N("1"))}},
		{"SET zz = list_append(if_not_exists(zz, :list), :list)", attrs{"zz": L(N("1"), N("1"))}},
		{"SET l[1] = :1", attrs{"l": L(S("p"), N("1"), S("r"))}},
		{"SET l[9] = :1, l[7] = :2", attrs{"l": L(S("p"), S("q"), S("r"), N("2"), N("1"))}},
		{"SET l[1] = :1 REMOVE l[0]", attrs{"l": L(N("1"), S("r"))}},
		{"REMOVE l[0], l[2]", attrs{"l": L(S("q"))}},
		{"REMOVE l[9], m.zz, zz", attrs{}},
		{"SET m.y = :1, m.l[0] = :2", attrs{"m": M(attrs{"x": N("1"), "y": N("1"), "l": L(N("2"), N("2"))})}},
		{"ADD n :2, zz :1", attrs{"n": N("7"), "zz": N("1")}},
		{"ADD m.x :2", attrs{"m": M(attrs{"x": N("3"), "l": L(N("1"), N("2"))})}},
		{"ADD ss :bc", attrs{"ss": SS("a", "b", "c")}},
		{"ADD zz :bc", attrs{"zz": SS("b", "c")}},
		{"DELETE ss :bc", attrs{"ss": SS("a")}},
		{"DELETE ss :ab, zz :ab", attrs{"ss": nil}},
		{"SET m.l[5] = :2 ADD n :2 REMOVE a DELETE ss :bc", attrs{"m": M(attrs{"x": N("1"), "l": L(N("1"), N("2"), N("2"))}), "n": N("7"), "a": nil, "ss": SS("a")}},
	} {
		e.put(t, sample())
		got, err := e.update(t, c.expr, types.ReturnValueAllNew)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		want := sample()
		for name, v := range c.want {
			if want[name] = v; v == nil {
				delete(want, name)
			}
		}
		same(t, c.expr, text(got), text(want))
		same(t, c.expr+" stored", text(e.get(t, "a")), text(want))
	}
}

func TestBadUpdatesAreRefused(t *testing.T) {
	e := newEnv(t)
	e.put(t, sample())
	const key = "One or more parameter values were invalid: Cannot update attribute k. This attribute is part of the key"
	const badPath = "The document path provided in the update expression is invalid for update"
	const badType = "An operand in the update expression has an incorrect data type"
	const noAttribute = "The provided expression refers to an attribute that does not exist in the item"
	const inv = "Invalid UpdateExpression: "
	for expr, want := range map[string]string{
		"SET a = :1 SET n = :1":          inv + `The "SET" section can only be used once in an update expression;`,
		"SET m = :1, m.x = :1":           inv + "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m], path two: [m, x]",
		"SET a = :1 REMOVE a":            inv + "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]",
		"SET m.x = :1, m[0] = :1":        inv + "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [m, x], path two: [m, [0]]",
		"SET n = n + :x":                 inv + "Incorrect operand type for operator or function; operator or function: +, operand type: S",
		"SET l = list_append(l, :1)":     inv + "Incorrect operand type for operator or function; operator or function: list_append, operand type: N",
		"SET a = list_append(l)":         inv + "Incorrect number of operands for operator or function; operator or function: list_append, number of operands: 1",
		"ADD n :x":                       inv + "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND",
		"DELETE n :1":                    inv + "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND",
		"SET a = if_not_exists(:1, :1)":  inv + "Operator or function requires a document path; operator or function: if_not_exists",
		"SET a = size(l)":                inv + "The function is not allowed in an update expression; function: size",
		"SET a = foo(l)":                 inv + "Invalid function name; function: foo",
		"SET n = n + :1 + :1":            inv + `Syntax error; token: "+", near: ":1 + :1"`,
		"SET a :1":                       inv + `Syntax error; token: ":1", near: "a :1"`,
		"SET a = :1,":                    inv + `Syntax error; token: "<EOF>", near: ","`,
		"SET":                            inv + `Syntax error; token: "<EOF>", near: "SET"`,
		"FOO a = :1":                     inv + `Syntax error; token: "FOO", near: "FOO a"`,
		"ADD n n":                        inv + `Syntax error; token: "n", near: "n n"`,
		"ADD n = :1":                     inv + `Syntax error; token: "=", near: "n = :1"`,
		"REMOVE owner":                   inv + "Attribute name is a reserved keyword; reserved keyword: owner",
		"SET leaseCounter = :1, KEY = a": inv + "Attribute name is a reserved keyword; reserved keyword: KEY",
		"SET k = :x":                     key, "REMOVE k": key, "SET k.x = :x": key,
		"SET zz.y = :1": badPath, "SET a.y = :1": badPath, "SET zz[0] = :1": badPath, "REMOVE zz.y": badPath, "REMOVE m.x.y": badPath, "REMOVE ss[0]": badPath,
		"SET a = a + :1": badType, "SET l = list_append(a, :list)": badType, "ADD a :1": badType, "ADD n :bc": badType, "DELETE ss :ns": badType,
		"SET a = zz": noAttribute, "SET a = zz + :1": noAttribute, "SET a = if_not_exists(zz, yy)": noAttribute, "SET a = list_append(zz, :list)": noAttribute,
	} {
		_, err := e.update(t, expr, types.ReturnValueNone)
		if err == nil {
			t.Errorf("%s: accepted", expr)
			continue
		}
		refused(t, err, "ValidationException", want)
	}
	_, err := e.update(t, "SET a = n + :max", types.ReturnValueNone)
	refused(t, err, "ValidationException", "")
	same(t, "item", text(e.get(t, "a")), text(sample()))
}

func TestReturnValues(t *testing.T) {
	e := newEnv(t)
	const expr = "SET a = :2, l[9] = :2, m.x = :2, zz = :1 REMOVE n"
	for show, want := range map[types.ReturnValue]attrs{
		types.ReturnValueNone:       {},
		types.ReturnValueAllOld:     sample(),
		types.ReturnValueUpdatedOld: {"a": S("x"), "m": sample()["m"], "n": N("5")},
		types.ReturnValueUpdatedNew: {"a": N("2"), "m": M(attrs{"x": N("2"), "l": L(N("1"), N("2"))}), "zz": N("1")},
	} {
		e.put(t, sample())
		got, err := e.update(t, expr, show)
		ok(t, err)
		same(t, string(show), text(got), text(want))
	}
}

func TestUpdateMakesAnItemThatIsNotThere(t *testing.T) {
	e := newEnv(t)
	got, err := e.update(t, "SET zz = if_not_exists(zz, :1)", types.ReturnValueAllNew)
	ok(t, err)
	same(t, "new item", text(got), text(attrs{"k": S("a"), "zz": N("1")}))
	_, err = e.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &e.table, Key: attrs{"k": S("b")}})
	ok(t, err)
	same(t, "item of its key alone", text(e.get(t, "b")), text(attrs{"k": S("b")}))
}
