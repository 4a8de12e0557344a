package parquet

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	pq "github.com/parquet-go/parquet-go"
)

// assembler puts columns together to rows again, by their levels alone. It is the check on the shredder, so it shares
// nothing with it but the tree of types.
type assembler struct {
	schema  *Schema
	columns [][]pq.Value
}

// assemble gives the rows as JSON, one object each: times as RFC 3339, dates, decimals with all their digits, binary as
// base64, maps and structs in their order. It complains if any value is left over.
func assemble(schema *Schema, columns [][]pq.Value, n int) (rows []string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("assemble: %v", r)
		}
	}()
	a := &assembler{schema, append([][]pq.Value(nil), columns...)}
	for range n {
		fields := []string{}
		for i, f := range schema.root.fields {
			fields = append(fields, quoted(schema.columns[i].Name)+":"+a.node(f.node))
		}
		if schema.rest >= 0 {
			v := a.next(schema.rest)
			rest := "null"
			if !v.IsNull() {
				rest = quoted(string(v.ByteArray()))
			}
			fields = append(fields, `"_rest":`+rest)
		}
		rows = append(rows, "{"+strings.Join(fields, ",")+"}")
	}
	for i, column := range a.columns {
		if len(column) > 0 {
			return nil, fmt.Errorf("column %d has %d values beyond %d rows", i, len(column), n)
		}
	}
	return rows, nil
}

func quoted(s string) string {
	b := strings.Builder{}
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (a *assembler) peek(column int) (v pq.Value, ok bool) {
	if len(a.columns[column]) == 0 {
		return v, false
	}
	return a.columns[column][0], true
}

func (a *assembler) next(column int) pq.Value {
	v, ok := a.peek(column)
	if !ok {
		panic(fmt.Sprintf("column %d ends early", column))
	}
	a.columns[column] = a.columns[column][1:]
	return v
}

// take passes one entry without a value in all columns of n.
func (a *assembler) take(n *node) {
	for column := n.leaf; column < n.end; column++ {
		if v := a.next(column); !v.IsNull() {
			panic(fmt.Sprintf("column %d has a value where its siblings have none", column))
		}
	}
}

func (a *assembler) node(n *node) string {
	v, ok := a.peek(n.leaf)
	if !ok {
		panic(fmt.Sprintf("column %d ends early", n.leaf))
	}
	if v.DefinitionLevel() < n.def {
		a.take(n)
		return "null"
	}
	switch n.kind {
	case structure:
		var fields []string
		for i, f := range n.fields {
			fields = append(fields, quoted(n.hiveType.fields[i].name)+":"+a.node(f.node))
		}
		return "{" + strings.Join(fields, ",") + "}"
	case list, mapping:
		var entries []string
		if v.DefinitionLevel() == n.def {
			a.take(n)
		} else {
			for {
				entry := ""
				if n.kind == mapping {
					entry = quoted(string(a.next(n.leaf).ByteArray())) + ":"
				}
				entries = append(entries, entry+a.node(n.elem))
				if v, ok := a.peek(n.leaf); !ok || v.RepetitionLevel() < n.rep {
					break
				}
			}
		}
		if n.kind == mapping {
			return "{" + strings.Join(entries, ",") + "}"
		}
		return "[" + strings.Join(entries, ",") + "]"
	}
	if v = a.next(n.leaf); v.IsNull() || v.DefinitionLevel() != n.def {
		panic(fmt.Sprintf("column %d: a null of level %d", n.leaf, v.DefinitionLevel()))
	}
	return leafText(a.schema, n.hiveType, v)
}

func leafText(s *Schema, t *hiveType, v pq.Value) string {
	switch t.kind {
	case tinyint, smallint, integer:
		return strconv.Itoa(int(v.Int32()))
	case bigint:
		return strconv.FormatInt(v.Int64(), 10)
	case float:
		return strconv.FormatFloat(float64(v.Float()), 'g', -1, 32)
	case double:
		return strconv.FormatFloat(v.Double(), 'g', -1, 64)
	case boolean:
		return strconv.FormatBool(v.Boolean())
	case binary:
		return quoted(base64.StdEncoding.EncodeToString(v.ByteArray()))
	case date:
		return quoted(time.Unix(int64(v.Int32())*86400, 0).UTC().Format("2006-01-02"))
	case decimal:
		return decimalText(t, v)
	case timestamp:
		var at time.Time
		switch s.options.Timestamps {
		case Millis:
			at = time.UnixMilli(v.Int64())
		case Nanos:
			at = time.Unix(0, v.Int64())
		case Int96:
			i := v.Int96()
			at = time.Unix((int64(int32(i[2]))-2440588)*86400, int64(uint64(i[1])<<32|uint64(i[0])))
		default:
			at = time.UnixMicro(v.Int64())
		}
		return quoted(at.UTC().Format(time.RFC3339Nano))
	}
	return quoted(string(v.ByteArray()))
}

func decimalText(t *hiveType, v pq.Value) string {
	unscaled := big.NewInt(0)
	switch {
	case t.precision <= 9:
		unscaled.SetInt64(int64(v.Int32()))
	case t.precision <= 18:
		unscaled.SetInt64(v.Int64())
	default:
		b := v.ByteArray()
		unscaled.SetBytes(b)
		if b[0]&0x80 != 0 {
			unscaled.Sub(unscaled, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.scale)), nil)
	return new(big.Rat).SetFrac(unscaled, scale).FloatString(t.scale)
}
