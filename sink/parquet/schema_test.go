package parquet

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestTypesInAnySpelling(t *testing.T) {
	for text, want := range map[string]string{
		"TinyInt": "tinyint", " smallint\n": "smallint", "INTEGER": "int", "bigint": "bigint", "float": "float", "double\tprecision": "double",
		"decimal": "decimal(10,0)", "decimal(7)": "decimal(7,0)", "DECIMAL( 38 , 38 )": "decimal(38,38)", "numeric(5,2)": "decimal(5,2)",
		"CHAR(255)": "char(255)", "varchar( 65535 )": "varchar(65535)", "string": "string", "binary": "binary", "date": "date",
		"array < array<INT> >": "array<array<int>>", "MAP<STRING,map<varchar(3),date>>": "map<string,map<varchar(3),date>>",
		"struct<a:int>": "struct<a:int>", "STRUCT < fooBar : INT , `b-c` : struct<d:string> >": "struct<foobar:int,b-c:struct<d:string>>",
		"struct<größe:int,_1:int,array:int>": "struct<größe:int,_1:int,array:int>", "struct<decimal:decimal,x:double>": "struct<decimal:decimal(10,0),x:double>",
	} {
		got, err := parseType(text)
		if err != nil || got.String() != want {
			t.Errorf("%q gives %v, %v; want %s", text, got, err, want)
		}
	}
}

func TestTypesThatAreWrong(t *testing.T) {
	deep := strings.Repeat("array<", maxDepth) + "int" + strings.Repeat(">", maxDepth)
	for _, test := range []struct{ text, want string }{
		{"", "at position 1: end instead of a type"},
		{"decimel(1,2)", `at position 1: unknown type "decimel"; there are ` + knownTypes},
		{"array<long>", "at position 7: long is no type that a column can have; write bigint"},
		{"SET<string>", "at position 1: set is no type that a column can have; write array<…>"},
		{"int int", "at position 5: unexpected 'i' after int"},
		{"int>", "at position 4: unexpected '>' after int"},
		{"timestamp with local time zone", "at position 11: unexpected 'w' after timestamp"},
		{"decimal(0,0)", "at position 9: decimal with a precision of 0; it is 1 to 38"},
		{"decimal(39)", "at position 9: decimal with a precision of 39; it is 1 to 38"},
		{"decimal(5,6)", "at position 11: decimal with a scale of 6; it is at most the precision, 5"},
		{"decimal(99999999999999999999)", "at position 9: ')' instead of a number"},
		{"decimal(5,-1)", "at position 11: '-' instead of a number"},
		{"decimal(5", "at position 10: end instead of ')' after the decimal's precision and scale"},
		{"char", "at position 5: end instead of '(' and a length of 1 to 255 after char; without a length write string"},
		{"char(256)", "at position 6: char with a length of 256; it is 1 to 255"},
		{"varchar(0)", "at position 9: varchar with a length of 0; it is 1 to 65535"},
		{"array", "at position 6: end instead of '<' and the type of the elements after array"},
		{"array<>", "at position 7: '>' instead of a type"},
		{"array<int", "at position 10: end instead of '>' after the type of the elements"},
		{"map<int,string>", "at position 5: map with keys of type int; JSON has only string keys, write map<string,…>"},
		{"map<string>", "at position 11: '>' instead of ',' and the type of the values after the map's keys"},
		{"struct", "at position 7: end instead of '<' and fields as name:type after struct"},
		{"struct<>", "at position 8: field name is empty; give it one"},
		{"struct<a>", "at position 9: '>' instead of ':' between the field's name and its type"},
		{"struct<a int>", "at position 10: 'i' instead of ':' between the field's name and its type"},
		{"struct<a:int b:int>", "at position 14: 'b' instead of '>' or ',' after a field of the struct"},
		{"struct<`a:int>", "at position 8: back quote without its end"},
		{"struct<`a b`:int>", `at position 8: field name "a b" has ' ' in it, which readers of Parquet refuse; rename it, and map its JSON key to the new name`},
		{"struct<a:int,A:int>", "at position 14: fields a and A have the same name, since names are compared without case; rename one"},
		{deep, "at position 301: more than 50 types in each other; keep the inner value as a string, which takes any JSON"},
		{strings.Repeat("array<", 1_000_000), "at position 301: more than 50 types in each other; keep the inner value as a string, which takes any JSON"},
	} {
		_, err := parseType(test.text)
		if err == nil || err.Error() != test.want {
			t.Errorf("%.60q gives\n     %v\nwant %s", test.text, err, test.want)
		}
	}
}

func TestAllProblemsOfASchemaAtOnce(t *testing.T) {
	_, err := ParseSchema([]Column{
		{Name: "", Type: "int"}, {Name: "ok", Type: "int"}, {Name: "OK", Type: "string"}, {Name: "a.b", Type: "int"}, {Name: "c", Type: "text"},
		{Name: "d", Type: "binary"}, {Name: "e", Type: "int", Key: " "}, {Name: "_Rest", Type: "int"}, {Name: strings.Repeat("x", 256), Type: "int"}, {Name: "\xff", Type: "int"},
	}, Options{Rest: true})
	want := `column 1: its name is empty; give it one
column OK: has the same name as ok, since names are compared without case; rename one
column 4: its name "a.b" has '.' in it, which readers of Parquet refuse; rename it, and map its JSON key to the new name
column c: its type at position 1: text is no type that a column can have; write string
column d: The schema is invalid. One or more columns have types that are not supported by org.openx.data.JsonSerDe at d: write string, or choose strict, where binary takes base64
column e: its JSON key is blank or not valid UTF-8; leave it out to take the column's name
column _Rest: the name is reserved for the column of unknown keys; rename it or do not ask for that column
column 9: its name "` + strings.Repeat("x", 40) + `…" has 256 bytes; at most 255 are allowed
column 10: its name is not valid UTF-8; rename it`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	var all *SchemaError
	if !errors.As(err, &all) || len(all.Problems) != 9 {
		t.Errorf("%T does not hold 9 problems", err)
	}
	if _, err := ParseSchema(nil, Options{}); err == nil || err.Error() != "a schema needs at least one column" {
		t.Errorf("no columns: %v", err)
	}
	wide := "struct<" + strings.TrimSuffix(strings.Repeat("%:int,", maxColumns+1), ",") + ">"
	for i := range maxColumns + 1 {
		wide = strings.Replace(wide, "%", fmt.Sprint("f", i), 1)
	}
	if _, err := ParseSchema([]Column{{Name: "a", Type: wide}}, Options{}); err == nil || !strings.HasPrefix(err.Error(), "more than 10000 columns") {
		t.Errorf("too many columns: %v", err)
	}
}

func TestParquetSchema(t *testing.T) {
	columns := readColumns(t, "Z tinyint; b smallint; c int; d bigint; e float; f double; g boolean; h string; i char(2); j varchar(2); k date; l timestamp; "+
		"m decimal(9,2); n decimal(18,3); o decimal(19,4); p decimal(38,0); q array<int>; r map<string,array<string>>; s struct<y:int,A:struct<b:date>>; t binary")
	schema, err := ParseSchema(columns, Options{Strict: true, Rest: true})
	if err != nil {
		t.Fatal(err)
	}
	want := `message schema {
	optional int32 z (INT(8,true));
	optional int32 b (INT(16,true));
	optional int32 c (INT(32,true));
	optional int64 d (INT(64,true));
	optional float e;
	optional double f;
	optional boolean g;
	optional binary h (STRING);
	optional binary i (STRING);
	optional binary j (STRING);
	optional int32 k (DATE);
	optional int64 l (TIMESTAMP(isAdjustedToUTC=true,unit=MICROS));
	optional int32 m (DECIMAL(9,2));
	optional int64 n (DECIMAL(18,3));
	optional fixed_len_byte_array(9) o (DECIMAL(19,4));
	optional fixed_len_byte_array(16) p (DECIMAL(38,0));
	optional group q (LIST) {
		repeated group list {
			optional int32 element (INT(32,true));
		}
	}
	optional group r (MAP) {
		repeated group key_value {
			required binary key (STRING);
			optional group value (LIST) {
				repeated group list {
					optional binary element (STRING);
				}
			}
		}
	}
	optional group s {
		optional int32 y (INT(32,true));
		optional group a {
			optional int32 b (DATE);
		}
	}
	optional binary t;
	optional binary _rest (STRING);
}`
	if got := schema.Parquet().String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for unit, want := range map[Timestamps]string{Millis: "optional int64 a (TIMESTAMP(isAdjustedToUTC=true,unit=MILLIS))", Nanos: "optional int64 a (TIMESTAMP(isAdjustedToUTC=true,unit=NANOS))", Int96: "optional int96 a;"} {
		schema, err := ParseSchema([]Column{{Name: "a", Type: "timestamp"}}, Options{Timestamps: unit})
		if err != nil || !strings.Contains(schema.Parquet().String(), want) {
			t.Errorf("unit %d: %v, %v", unit, schema.Parquet(), err)
		}
	}
}

// TestLevelsAreThoseOfTheFile compares columns and levels as the shredder counts them with parquet-go's.
func TestLevelsAreThoseOfTheFile(t *testing.T) {
	schema, err := ParseSchema(readColumns(t, "z int; a array<array<struct<y:int,x:map<string,array<int>>>>>; m map<string,struct<q:int,b:array<string>>>; s struct<t:struct<u:int>>"), Options{Rest: true})
	if err != nil {
		t.Fatal(err)
	}
	definition, repetition := map[int]int{}, map[int]int{}
	var walk func(n *node, rep int)
	walk = func(n *node, rep int) {
		switch n.kind {
		case structure:
			for _, f := range n.fields {
				walk(f.node, rep)
			}
		case mapping:
			definition[n.leaf], repetition[n.leaf] = n.def+1, n.rep
			walk(n.elem, n.rep)
		case list:
			walk(n.elem, n.rep)
		default:
			definition[n.leaf], repetition[n.leaf] = n.def, rep
		}
	}
	walk(schema.root, 0)
	definition[schema.rest], repetition[schema.rest] = 1, 0
	paths := schema.Parquet().Columns()
	if len(paths) != schema.root.end || len(definition) != len(paths) {
		t.Fatalf("parquet-go has %d columns, the schema %d, %d with levels", len(paths), schema.root.end, len(definition))
	}
	for _, path := range paths {
		leaf, found := schema.Parquet().Lookup(path...)
		if !found {
			t.Fatalf("no column %v", path)
		}
		if c := leaf.ColumnIndex; definition[c] != leaf.MaxDefinitionLevel || repetition[c] != leaf.MaxRepetitionLevel {
			t.Errorf("%v: levels %d, %d; parquet-go has %d, %d", path, definition[c], repetition[c], leaf.MaxDefinitionLevel, leaf.MaxRepetitionLevel)
		}
	}
	deepest := strings.Repeat("array<", maxDepth-1) + "map<string,int>" + strings.Repeat(">", maxDepth-1)
	if _, err := ParseSchema([]Column{{Name: "a", Type: deepest}}, Options{}); err == nil {
		t.Error("a map's values are deeper than its depth, so this is too deep")
	}
	deepest = strings.Repeat("array<", maxDepth-1) + "int" + strings.Repeat(">", maxDepth-1)
	deep, err := ParseSchema([]Column{{Name: "a", Type: deepest}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows := &Rows{}
	if got := outcome(t, deep, deep.NewShredder(), rows, `{"a":1}`); got[0] != `{"a":`+strings.Repeat("[", maxDepth-1)+"1"+strings.Repeat("]", maxDepth-1)+"}" {
		t.Error(got)
	}
	throughFile(t, deep, rows, outcome(t, deep, deep.NewShredder(), rows, `{"a":1}`))
}

// FuzzParseType checks that what is accepted can be written down and read again, and makes a schema.
func FuzzParseType(f *testing.F) {
	for _, c := range readCases(f) {
		for _, column := range c.columns {
			f.Add(column.Type)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := parseType(text)
		if err != nil {
			if len(err.Error()) > 2000 {
				t.Fatalf("a message of %d bytes", len(err.Error()))
			}
			return
		}
		if second, err := parseType(first.String()); err != nil || second.String() != first.String() {
			t.Fatalf("%q gives %s, which gives %v, %v", text, first, second, err)
		}
		schema, err := ParseSchema([]Column{{Name: "a", Type: text}}, Options{Strict: true})
		if err != nil {
			var all *SchemaError
			if !errors.As(err, &all) {
				t.Fatal(err)
			}
			return
		}
		if got := len(schema.Parquet().Columns()); got != schema.root.end {
			t.Fatalf("parquet-go has %d columns, the schema %d", got, schema.root.end)
		}
		rows := &Rows{}
		if _, err := schema.NewShredder().Append(rows, []byte(`{"a":null}`)); err != nil {
			t.Fatal(err)
		}
		throughFile(t, schema, rows, []string{`{"a":null}`})
	})
}
