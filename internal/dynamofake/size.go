package dynamofake

import "strings"

// The limits of the service.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
const (
	maxItemBytes        = 400 << 10
	maxPageBytes        = 1 << 20
	maxKeyBytes         = 2048
	maxNesting          = 32
	maxTransactionItems = 100
	maxTransactionBytes = 4 << 20
	maxBatchGet         = 100
	maxBatchGetBytes    = 16 << 20
	maxExpressionBytes  = 4096
	maxOperators        = 300
	maxInOperands       = 100
)

// itemSize is what an item counts for limits and capacity: names and values in UTF-8.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func itemSize(it item) int {
	n := 0
	for name, v := range it {
		n += len(name) + v.size()
	}
	return n
}

func (v value) size() int {
	n := 0
	switch v.kind {
	case kindS, kindB:
		return len(v.s)
	case kindN:
		return numberSize(v.s)
	case kindBool, kindNull:
		return 1
	case kindSS, kindBS:
		for _, s := range v.set {
			n += len(s)
		}
	case kindNS:
		for _, s := range v.set {
			n += numberSize(s)
		}
	case kindL:
		n = 3 + len(v.list)
		for _, e := range v.list {
			n += e.size()
		}
	case kindM:
		n = 3 + len(v.m) + itemSize(v.m)
	}
	return n
}

// numberSize is a byte for two significant digits and one more, and one for a sign.
func numberSize(s string) int {
	digits := strings.TrimLeft(strings.Replace(s, "-", "", 1), "0.")
	if !strings.Contains(s, ".") {
		digits = strings.TrimRight(digits, "0")
	}
	n := (len(strings.Replace(digits, ".", "", 1))+1)/2 + 1
	if strings.HasPrefix(s, "-") {
		n++
	}
	return n
}

// depth is how many lists and maps stand inside each other.
func (v value) depth() int {
	n := 0
	for _, e := range v.list {
		n = max(n, e.depth())
	}
	for _, e := range v.m {
		n = max(n, e.depth())
	}
	if v.kind == kindL || v.kind == kindM {
		n++
	}
	return n
}
