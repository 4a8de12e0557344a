package dynamofake

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"sort"
	"strings"
)

// kind is an attribute's type, named as on the wire.
type kind string

const (
	kindS    kind = "S"
	kindN    kind = "N"
	kindB    kind = "B"
	kindBool kind = "BOOL"
	kindNull kind = "NULL"
	kindSS   kind = "SS"
	kindNS   kind = "NS"
	kindBS   kind = "BS"
	kindL    kind = "L"
	kindM    kind = "M"
)

func (k kind) isSet() bool { return k == kindSS || k == kindNS || k == kindBS }

// value is an attribute value. Values are never changed once made, so items share them.
type value struct {
	kind kind
	s    string   // S; N in canonical form; B as raw bytes
	bool bool     // BOOL
	set  []string // SS, NS, BS: elements like s, in ascending order
	list []value  // L
	m    item     // M
}

type item = map[string]value

func (v *value) UnmarshalJSON(b []byte) error {
	var fields map[kind]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		return err
	}
	for k, raw := range fields {
		if bytes.Equal(raw, []byte("null")) {
			delete(fields, k)
		}
	}
	if len(fields) > 1 {
		return invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	}
	for k, raw := range fields {
		return v.decode(k, raw)
	}
	return invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
}

func (v *value) decode(k kind, raw []byte) error {
	v.kind = k
	var err error
	switch k {
	case kindS, kindN, kindB:
		if err = json.Unmarshal(raw, &v.s); err == nil {
			v.s, err = canonical(k, v.s)
		}
	case kindBool:
		err = json.Unmarshal(raw, &v.bool)
	case kindNull:
		if err = json.Unmarshal(raw, &v.bool); err == nil && !v.bool {
			err = invalid("One or more parameter values were invalid: Null attribute value types must have the value of true")
		}
	case kindSS, kindNS, kindBS:
		if err = json.Unmarshal(raw, &v.set); err == nil {
			v.set, err = canonicalSet(k, v.set)
		}
	case kindL:
		v.list = []value{}
		err = json.Unmarshal(raw, &v.list)
	case kindM:
		v.m = item{}
		err = json.Unmarshal(raw, &v.m)
	default:
		err = invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	}
	return err
}

// canonical turns a scalar from its wire form into the stored form.
func canonical(k kind, s string) (string, error) {
	switch k {
	case kindN, kindNS:
		d, err := parseNumber(s)
		if err != nil {
			return "", err
		}
		return d.String(), nil
	case kindB, kindBS:
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return "", errors.New("base64 expected")
		}
		return string(b), nil
	}
	return s, nil
}

func canonicalSet(k kind, set []string) ([]string, error) {
	if len(set) == 0 {
		switch k {
		case kindSS:
			return nil, invalid("One or more parameter values were invalid: An string set  may not be empty")
		case kindNS:
			return nil, invalid("One or more parameter values were invalid: An number set  may not be empty")
		}
		return nil, invalid("One or more parameter values were invalid: Binary sets should not be empty")
	}
	out := make([]string, len(set))
	for i, s := range set {
		var err error
		if out[i], err = canonical(k, s); err != nil {
			return nil, err
		}
	}
	sortSet(k, out)
	for i := 1; i < len(out); i++ {
		if out[i] == out[i-1] {
			return nil, invalid("One or more parameter values were invalid: Input collection [%s] contains duplicates.",
				strings.Join(set, ", "))
		}
	}
	return out, nil
}

func sortSet(k kind, set []string) {
	if k == kindNS {
		sort.Slice(set, func(i, j int) bool { return compareNumbers(set[i], set[j]) < 0 })
	} else {
		slices.Sort(set)
	}
}

func (v value) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[kind]any{v.kind: v.wire()})
}

func (v value) wire() any {
	switch v.kind {
	case kindB:
		return []byte(v.s)
	case kindBool, kindNull:
		return v.bool
	case kindSS, kindNS:
		return v.set
	case kindBS:
		out := make([][]byte, len(v.set))
		for i, s := range v.set {
			out[i] = []byte(s)
		}
		return out
	case kindL:
		return v.list
	case kindM:
		return v.m
	}
	return v.s
}
