package parquet

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// slow reads a record as the shredder should, by way of encoding/json, big numbers, regular expressions and package time.
// It gives the rows as assemble does.
type slow struct {
	schema  *Schema
	options Options
}

var (
	errNotJSON = errors.New(CodeParseError)
	errMisfit  = errors.New(CodeMalformedData)

	// errPrimitive is a record that is refused for sure; encoding/json cuts 01 in two, so it can not say why.
	errPrimitive = errors.New("primitive at the top level")
)

func (s slow) rows(record []byte) (rows []string, err error) {
	record = bytes.TrimPrefix(record, []byte("\ufeff"))
	if len(bytes.Trim(record, " \t\r\n")) == 0 {
		return nil, errMisfit
	}
	if !utf8.Valid(record) {
		return nil, errNotJSON
	}
	documents, err := documentsOf(record)
	if err != nil {
		return nil, err
	}
	for _, document := range documents {
		if document[0] != '{' && document[0] != '[' {
			return nil, errPrimitive
		}
	}
	for _, document := range documents {
		row, err := s.row(document)
		if err != nil {
			return nil, errMisfit
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func documentsOf(record []byte) (documents []json.RawMessage, err error) {
	record = bytes.TrimPrefix(record, []byte("\ufeff"))
	for dec := json.NewDecoder(bytes.NewReader(record)); ; {
		var document json.RawMessage
		if err := dec.Decode(&document); err == io.EOF {
			return documents, nil
		} else if err != nil {
			return nil, errNotJSON
		}
		documents = append(documents, document)
	}
}

type member struct {
	key   string
	value json.RawMessage
}

func members(object []byte) (all []member) {
	dec := json.NewDecoder(bytes.NewReader(object))
	dec.Token()
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			panic(err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			panic(err)
		}
		all = append(all, member{key.(string), value})
	}
	return all
}

func elements(array []byte) (all []json.RawMessage) {
	if err := json.Unmarshal(array, &all); err != nil {
		panic(err)
	}
	return all
}

func (s slow) row(document []byte) (string, error) {
	type column struct {
		name, key string
		typ       *hiveType
	}
	var columns []column
	for i, c := range s.schema.columns {
		key := c.Key
		if key == "" {
			key = s.schema.root.hiveType.fields[i].key
		}
		t, err := parseType(c.Type)
		if err != nil {
			panic(err)
		}
		columns = append(columns, column{c.Name, key, s.schema.root.hiveType.fields[i].typ})
		if t.String() != columns[i].typ.String() {
			panic("type changed")
		}
	}
	fields := make([]string, len(columns))
	for i, c := range columns {
		fields[i] = quoted(c.name) + ":null"
	}
	var rest []string
	switch document[0] {
	case '{':
		filled := map[int]bool{}
		for _, m := range members(document) {
			known := false
			for i, c := range columns {
				if s.same(c.key, m.key) {
					if known = true; filled[i] {
						return "", errMisfit
					}
					filled[i] = true
					v, err := s.value(c.typ, m.value)
					if err != nil {
						return "", err
					}
					fields[i] = quoted(c.name) + ":" + v
				}
			}
			if !known {
				rest = append(rest, quoted(m.key)+":"+compact(m.value))
			}
		}
	case '[':
		if s.options.Strict {
			return "", errMisfit
		}
		for i, e := range elements(document) {
			if e[0] == '{' {
				return "", errMisfit
			}
			if i < len(columns) {
				v, err := s.value(columns[i].typ, e)
				if err != nil {
					return "", err
				}
				fields[i] = quoted(columns[i].name) + ":" + v
			}
		}
	default:
		return "", errMisfit
	}
	if s.options.Rest {
		v := "null"
		if len(rest) > 0 {
			v = quoted("{" + strings.Join(rest, ",") + "}")
		}
		fields = append(fields, `"_rest":`+v)
	}
	return "{" + strings.Join(fields, ",") + "}", nil
}

func (s slow) same(name, key string) bool {
	if !s.options.CaseSensitive {
		name, key = strings.ToLower(name), strings.ToLower(key)
	}
	if s.options.DotsToUnderscores {
		name, key = strings.ReplaceAll(name, ".", "_"), strings.ReplaceAll(key, ".", "_")
	}
	return name == key
}

func (s slow) lowered() bool { return !s.options.Strict && !s.options.CaseSensitive }

func compact(raw []byte) string {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		panic(err)
	}
	return b.String()
}

// text is JSON kept as a string, its keys in lower case.
func (s slow) jsonText(raw []byte) string {
	if !s.lowered() {
		return compact(raw)
	}
	switch raw[0] {
	case '{':
		var parts []string
		for _, m := range members(raw) {
			key := quoted(strings.ToLower(m.key))
			parts = append(parts, key+":"+s.jsonText(m.value))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case '[':
		var parts []string
		for _, e := range elements(raw) {
			parts = append(parts, s.jsonText(e))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return string(raw)
}

func (s slow) value(t *hiveType, raw json.RawMessage) (string, error) {
	strict := s.options.Strict
	if string(raw) == "null" {
		return "null", nil
	}
	isString, str := raw[0] == '"', ""
	if isString {
		if err := json.Unmarshal(raw, &str); err != nil {
			panic(err)
		}
	}
	switch t.kind {
	case structure:
		fields := make([]string, len(t.fields))
		for i, f := range t.fields {
			fields[i] = quoted(f.name) + ":null"
		}
		switch {
		case raw[0] == '{':
			filled := map[int]bool{}
			for _, m := range members(raw) {
				for i, f := range t.fields {
					if s.same(f.key, m.key) {
						if filled[i] {
							return "", errMisfit
						}
						filled[i] = true
						v, err := s.value(f.typ, m.value)
						if err != nil {
							return "", err
						}
						fields[i] = quoted(f.name) + ":" + v
					}
				}
			}
		case strict:
			return "", errMisfit
		case raw[0] == '[':
			for i, e := range elements(raw) {
				if i < len(fields) {
					v, err := s.value(t.fields[i].typ, e)
					if err != nil {
						return "", err
					}
					fields[i] = quoted(t.fields[i].name) + ":" + v
				}
			}
		case isString && strings.TrimSpace(str) == "":
			return "null", nil
		default:
			return "", errMisfit
		}
		return "{" + strings.Join(fields, ",") + "}", nil
	case list:
		if raw[0] != '[' {
			if strict {
				return "", errMisfit
			}
			if isString && str == "" {
				return "null", nil
			}
			v, err := s.value(t.elem, raw)
			return "[" + v + "]", err
		}
		var entries []string
		for _, e := range elements(raw) {
			v, err := s.value(t.elem, e)
			if err != nil {
				return "", err
			}
			entries = append(entries, v)
		}
		return "[" + strings.Join(entries, ",") + "]", nil
	case mapping:
		if raw[0] != '{' {
			if !strict && isString && strings.TrimSpace(str) == "" {
				return "null", nil
			}
			return "", errMisfit
		}
		var entries, keys []string
		for _, m := range members(raw) {
			key := m.key
			if s.lowered() {
				key = strings.ToLower(key)
			}
			if slices.Contains(keys, key) || t.key.length > 0 && utf8.RuneCountInString(key) > t.key.length {
				return "", errMisfit
			}
			keys = append(keys, key)
			v, err := s.value(t.elem, m.value)
			if err != nil {
				return "", err
			}
			entries = append(entries, quoted(key)+":"+v)
		}
		return "{" + strings.Join(entries, ",") + "}", nil
	case text:
		switch {
		case isString:
		case strict:
			return "", errMisfit
		case raw[0] == '{' || raw[0] == '[':
			str = s.jsonText(raw)
		default:
			str = string(raw)
		}
		if t.name == "char" {
			str = strings.TrimRight(str, " ")
		}
		if t.length > 0 && utf8.RuneCountInString(str) > t.length {
			return "", errMisfit
		}
		return quoted(str), nil
	}
	if raw[0] == '{' || raw[0] == '[' {
		return "", errMisfit
	}
	return s.leaf(t, raw, isString, str)
}

var (
	javaNumber = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)
	spaceTime  = regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2} [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]{1,9})?$`)
	isoTime    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z?$`)
	rfc3339    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$`)
)

func (s slow) leaf(t *hiveType, raw []byte, isString bool, str string) (string, error) {
	strict := s.options.Strict
	isBool := raw[0] == 't' || raw[0] == 'f'
	if !isString {
		str = string(raw)
	}
	trimmed := strings.TrimSpace(str)
	switch t.kind {
	case tinyint, smallint, integer, bigint:
		if strict && (isString || isBool) {
			return "", errMisfit
		}
		bits := map[kind]int{tinyint: 8, smallint: 16, integer: 32, bigint: 64}[t.kind]
		v, err := strconv.ParseInt(trimmed, 10, bits)
		if hex := regexp.MustCompile(`^0[xX][0-9a-fA-F]+$`); hex.MatchString(trimmed) {
			v, err = strconv.ParseInt(trimmed[2:], 16, bits)
		}
		return strconv.FormatInt(v, 10), err
	case float, double:
		if strict && (isString || isBool) || !javaNumber.MatchString(trimmed) {
			return "", errMisfit
		}
		bits := 64
		if t.kind == float {
			bits = 32
		}
		v, err := strconv.ParseFloat(trimmed, bits)
		return strconv.FormatFloat(v, 'g', -1, bits), err
	case boolean:
		if strict && !isBool || !strings.EqualFold(str, "true") && !strings.EqualFold(str, "false") {
			return "", errMisfit
		}
		return strings.ToLower(str), nil
	case decimal:
		r, ok := rational(trimmed)
		if strict && (isString || isBool) || !ok {
			return "", errMisfit
		}
		scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.scale)), nil))
		r.Mul(r, scale)
		if strict && !r.IsInt() {
			return "", errMisfit
		}
		r.SetString(r.FloatString(0)) // rounds half away from zero
		if limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.precision)), nil); r.Num().CmpAbs(limit) >= 0 {
			return "", errMisfit
		}
		return r.Quo(r, scale).FloatString(t.scale), nil
	case date:
		layout := "2006-1-2"
		if strict {
			layout = "2006-01-02"
		}
		if !isString || !regexp.MustCompile(`^\d{4}-\d{1,2}-\d{1,2}$`).MatchString(trimmed) {
			return "", errMisfit
		}
		day, err := time.Parse(layout, trimmed)
		return quoted(day.Format("2006-01-02")), err
	case binary:
		b, err := base64.StdEncoding.Strict().DecodeString(str)
		if !isString || strings.ContainsAny(str, "\r\n") {
			return "", errMisfit
		}
		return quoted(base64.StdEncoding.EncodeToString(b)), err
	}
	at, err := s.time(isString, isBool, str)
	if err != nil {
		return "", err
	}
	switch s.options.Timestamps {
	case Micros:
		at = at.Add(-time.Duration(at.Nanosecond() % 1000))
	case Millis:
		at = at.Add(-time.Duration(at.Nanosecond() % 1_000_000))
	case Nanos:
		if r := new(big.Int).Add(new(big.Int).Mul(big.NewInt(at.Unix()), big.NewInt(1e9)), big.NewInt(int64(at.Nanosecond()))); !r.IsInt64() || at.Unix() >= math.MaxInt64/1_000_000_000 || at.Unix() < -(math.MaxInt64/1_000_000_000) {
			return "", errMisfit
		}
	}
	return quoted(at.Format(time.RFC3339Nano)), nil
}

// rational reads a decimal number of which the exponent is no matter of millions of digits.
func rational(text string) (*big.Rat, bool) {
	if !javaNumber.MatchString(text) {
		return nil, false
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	if len(strings.TrimLeft(exponent, "+-0")) > 4 {
		sign := "e+"
		if strings.HasPrefix(exponent, "-") {
			sign = "e-"
		}
		return new(big.Rat).SetString(mantissa + sign + "9999")
	}
	return new(big.Rat).SetString(text)
}

func (s slow) time(isString, isBool bool, str string) (at time.Time, err error) {
	trimmed := strings.TrimSpace(str)
	if isBool {
		return at, errMisfit
	}
	if s.options.Strict && isString {
		if !rfc3339.MatchString(str) {
			return at, errMisfit
		}
		upper := strings.ToUpper(str)
		leap := upper[16:19] == ":60"
		if leap {
			upper = upper[:16] + ":59" + upper[19:]
		}
		if at, err = time.Parse(time.RFC3339Nano, upper); err == nil && leap {
			at = at.Truncate(time.Second).Add(time.Second)
		}
		return at.UTC(), err
	}
	if r, ok := rational(trimmed); ok {
		unit := int64(1)
		if s.options.Strict {
			unit = []int64{1, 1e3, 1e6, 1e9}[s.options.Epoch]
		} else if new(big.Rat).Abs(r).Cmp(big.NewRat(1e12, 1)) >= 0 {
			unit = 1e3
		}
		nanos := new(big.Rat).Mul(r, big.NewRat(1e9, unit))
		whole := new(big.Int).Quo(nanos.Num(), nanos.Denom()) // toward zero
		if !s.options.Strict {
			whole.Quo(whole, big.NewInt(1e6)).Mul(whole, big.NewInt(1e6))
		}
		seconds, rest := new(big.Int).DivMod(whole, big.NewInt(1e9), new(big.Int))
		limit := int64(9223372036854) // of microseconds, in all columns but those of nanoseconds
		if s.options.Timestamps == Nanos {
			limit = 9223372036
		}
		if seconds.Cmp(big.NewInt(limit)) >= 0 {
			return at, errMisfit
		}
		if seconds.Cmp(big.NewInt(-limit)) < 0 {
			return at, errMisfit
		}
		return time.Unix(seconds.Int64(), rest.Int64()).UTC(), nil
	}
	layout := ""
	switch {
	case spaceTime.MatchString(trimmed):
		layout = "2006-1-2 15:4:5"
	case isoTime.MatchString(trimmed):
		layout = "2006-01-02T15:04:05"
		trimmed = strings.TrimSuffix(trimmed, "Z")
	default:
		return at, errMisfit
	}
	return time.Parse(layout, trimmed)
}
