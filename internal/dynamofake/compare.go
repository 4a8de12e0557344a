package dynamofake

import (
	"maps"
	"slices"
	"strings"
)

// equal is DynamoDB's =: same type, same value; numbers by value, sets and maps without regard to order.
func equal(a, b value) bool {
	return a.kind == b.kind && a.s == b.s && a.bool == b.bool && slices.Equal(a.set, b.set) &&
		slices.EqualFunc(a.list, b.list, equal) && maps.EqualFunc(a.m, b.m, equal)
}

func (k kind) ordered() bool { return k == kindS || k == kindN || k == kindB }

// compare orders two values of one ordered type; ok is false when they can not be ordered.
func compare(a, b value) (order int, ok bool) {
	if a.kind != b.kind || !a.kind.ordered() {
		return 0, false
	}
	if a.kind == kindN {
		return compareNumbers(a.s, b.s), true
	}
	return strings.Compare(a.s, b.s), true // bytes of UTF-8, or the bytes themselves
}

// contains is the function of that name: substring, member of a set, element of a list.
func contains(whole, part value) bool {
	switch {
	case whole.kind == kindS || whole.kind == kindB:
		return part.kind == whole.kind && strings.Contains(whole.s, part.s)
	case whole.kind.isSet():
		return whole.kind == part.kind+"S" && slices.Contains(whole.set, part.s)
	case whole.kind == kindL:
		return slices.ContainsFunc(whole.list, func(v value) bool { return equal(v, part) })
	}
	return false
}

// size is the function of that name; ok is false for types that have none.
func size(v value) (n int, ok bool) {
	switch v.kind {
	case kindS:
		return len([]rune(v.s)), true
	case kindB:
		return len(v.s), true
	case kindSS, kindNS, kindBS:
		return len(v.set), true
	case kindL:
		return len(v.list), true
	case kindM:
		return len(v.m), true
	}
	return 0, false
}
