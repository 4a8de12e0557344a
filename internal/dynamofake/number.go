package dynamofake

import (
	"math/big"
	"strconv"
	"strings"
)

// decimal is a DynamoDB number: up to 38 significant digits, magnitude from 1E-130 to 9.99…E+125.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
type decimal struct {
	coef *big.Int // with its sign, no trailing decimal zeros
	exp  int      // the value is coef × 10^exp
}

const maxDigits, maxExponent, minExponent = 38, 125, -130

func parseNumber(s string) (decimal, error) {
	bad := invalid("The parameter cannot be converted to a numeric value: %s", s)
	mantissa, exp := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa = s[:i]
		n, err := strconv.Atoi(s[i+1:])
		if err != nil || n > 1_000_000 || n < -1_000_000 {
			return decimal{}, bad
		}
		exp = n
	}
	neg := strings.HasPrefix(mantissa, "-")
	if neg || strings.HasPrefix(mantissa, "+") {
		mantissa = mantissa[1:]
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	digits := whole + frac
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return decimal{}, bad
	}
	exp -= len(frac)
	digits = strings.TrimLeft(digits, "0")
	short := strings.TrimRight(digits, "0")
	exp += len(digits) - len(short)
	if len(short) > maxDigits {
		return decimal{}, invalid("Attempting to store more than 38 significant digits in a Number")
	}
	coef, ok := new(big.Int).SetString(short, 10)
	if !ok { // no digit left: zero
		return decimal{coef: new(big.Int)}, nil
	}
	if neg {
		coef.Neg(coef)
	}
	d := decimal{coef, exp}
	return d, d.inRange(len(short))
}

func (d decimal) inRange(digits int) error {
	switch top := d.exp + digits - 1; {
	case top > maxExponent:
		return invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
	case top < minExponent:
		return invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
	}
	return nil
}

// String is the form in which DynamoDB returns the number: plain digits, no exponent, no needless zeros.
func (d decimal) String() string {
	digits, sign := d.coef.String(), ""
	if d.coef.Sign() < 0 {
		digits, sign = digits[1:], "-"
	}
	switch {
	case d.coef.Sign() == 0:
		return "0"
	case d.exp >= 0:
		return sign + digits + strings.Repeat("0", d.exp)
	case len(digits) > -d.exp:
		return sign + digits[:len(digits)+d.exp] + "." + digits[len(digits)+d.exp:]
	}
	return sign + "0." + strings.Repeat("0", -d.exp-len(digits)) + digits
}

// aligned gives both coefficients at the smaller of the two exponents.
func aligned(a, b decimal) (x, y *big.Int, exp int) {
	exp = min(a.exp, b.exp)
	scale := func(d decimal) *big.Int {
		f := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.exp-exp)), nil)
		return f.Mul(f, d.coef)
	}
	return scale(a), scale(b), exp
}

// sum adds b to a, or takes it away; both are canonical numbers.
func sum(a, b string, minus bool) (string, error) {
	x, err := parseNumber(a)
	if err != nil {
		return "", err
	}
	y, err := parseNumber(b)
	if err != nil {
		return "", err
	}
	p, q, exp := aligned(x, y)
	if minus {
		q.Neg(q)
	}
	r, err := parseNumber(p.Add(p, q).String() + "e" + strconv.Itoa(exp))
	if err != nil {
		return "", err
	}
	return r.String(), nil
}

// compareNumbers orders canonical numbers.
func compareNumbers(a, b string) int {
	if a == b {
		return 0
	}
	x, _ := parseNumber(a)
	y, _ := parseNumber(b)
	p, q, _ := aligned(x, y)
	return p.Cmp(q)
}
