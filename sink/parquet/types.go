package parquet

import (
	"fmt"
	"strings"
)

type kind uint8

const (
	tinyint kind = iota + 1
	smallint
	integer
	bigint
	float
	double
	decimal
	boolean
	text // string, char(n) and varchar(n)
	binary
	date
	timestamp
	list
	mapping
	structure
)

// hiveType is a parsed type of Hive's data definition language.
type hiveType struct {
	kind      kind
	name      string // in lower case, without parameters: "char" and "varchar" are text
	precision int    // of a decimal
	scale     int    // of a decimal
	length    int    // of char and varchar, in code points; 0 for string
	elem      *hiveType
	fields    []typeField // of a struct; of a map none, since its keys are always text
	key       *hiveType   // of a map
}

type typeField struct {
	name string // in lower case
	key  string // as it was written
	typ  *hiveType
}

// String gives the type as Glue writes it: lower case, no white space, the decimal's defaults filled in.
func (t *hiveType) String() string {
	switch t.kind {
	case decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.precision, t.scale)
	case text:
		if t.length > 0 {
			return fmt.Sprintf("%s(%d)", t.name, t.length)
		}
	case list:
		return "array<" + t.elem.String() + ">"
	case mapping:
		return "map<" + t.key.String() + "," + t.elem.String() + ">"
	case structure:
		fields := make([]string, len(t.fields))
		for i, f := range t.fields {
			fields[i] = f.name + ":" + f.typ.String()
		}
		return "struct<" + strings.Join(fields, ",") + ">"
	}
	return t.name
}

// walk calls visit for t and every type in it, with the path of names below the column.
func (t *hiveType) walk(path string, visit func(path string, t *hiveType)) {
	visit(path, t)
	if t.elem != nil {
		t.elem.walk(path, visit)
	}
	for _, f := range t.fields {
		f.typ.walk(path+"."+f.name, visit)
	}
}

// simple are the types without parameters, by all their names.
var simple = map[string]hiveType{
	"tinyint":          {kind: tinyint, name: "tinyint"},
	"smallint":         {kind: smallint, name: "smallint"},
	"int":              {kind: integer, name: "int"},
	"integer":          {kind: integer, name: "int"},
	"bigint":           {kind: bigint, name: "bigint"},
	"float":            {kind: float, name: "float"},
	"double":           {kind: double, name: "double"},
	"double precision": {kind: double, name: "double"},
	"boolean":          {kind: boolean, name: "boolean"},
	"string":           {kind: text, name: "string"},
	"binary":           {kind: binary, name: "binary"},
	"date":             {kind: date, name: "date"},
	"timestamp":        {kind: timestamp, name: "timestamp"},
}

// instead says what to write for types of other systems, and of Hive's own that no column can have.
var instead = map[string]string{
	"byte": "tinyint", "short": "smallint", "long": "bigint", "int8": "tinyint", "int16": "smallint", "int32": "int", "int64": "bigint",
	"number": "decimal(p,s)", "real": "float", "float32": "float", "float64": "double", "bool": "boolean", "text": "string",
	"str": "string", "json": "string", "uuid": "string", "bytes": "binary", "blob": "binary", "datetime": "timestamp",
	"time": "string", "timestamptz": "timestamp", "list": "array<…>", "set": "array<…>", "row": "struct<name:type,…>",
	"record": "struct<name:type,…>", "object": "struct<name:type,…>", "uniontype": "string, which takes any JSON",
	"interval": "string", "void": "the type of the values that will come",
}

const knownTypes = "tinyint, smallint, int, bigint, float, double, decimal(p,s), boolean, string, char(n), varchar(n), " +
	"binary, date, timestamp, array<…>, map<string,…> and struct<name:type,…>"
