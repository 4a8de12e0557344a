package kinesisfake

import (
	"crypto/md5"
	"encoding/binary"
	"math/big"
	"math/bits"
)

// hashKey is a point of the 128-bit space that a stream's open shards divide among them.
type hashKey struct{ hi, lo uint64 }

var maxHash = hashKey{^uint64(0), ^uint64(0)}

func hashOf(partitionKey string) hashKey {
	sum := md5.Sum([]byte(partitionKey))
	return hashKey{binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:])}
}

func (h hashKey) less(o hashKey) bool {
	return h.hi < o.hi || h.hi == o.hi && h.lo < o.lo
}

func (h hashKey) plus(n uint64) hashKey {
	lo, carry := bits.Add64(h.lo, n, 0)
	return hashKey{h.hi + carry, lo}
}

func (h hashKey) minus(o hashKey) hashKey {
	lo, borrow := bits.Sub64(h.lo, o.lo, 0)
	hi, _ := bits.Sub64(h.hi, o.hi, borrow)
	return hashKey{hi, lo}
}

// middle is where a shard over [lo, hi] splits into equal halves: the first key of the upper one.
func middle(lo, hi hashKey) hashKey {
	d := hi.minus(lo)
	half := hashKey{d.hi >> 1, d.hi<<63 | d.lo>>1}
	sum, carry := bits.Add64(lo.lo, half.lo, 0)
	return hashKey{lo.hi + half.hi + carry, sum}.plus(1)
}

func (h hashKey) big() *big.Int {
	n := new(big.Int).SetUint64(h.hi)
	return n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(h.lo))
}

// String is h in decimal, as on the wire.
func (h hashKey) String() string { return h.big().String() }

func fromBig(n *big.Int) hashKey {
	lo := new(big.Int).And(n, new(big.Int).SetUint64(^uint64(0)))
	return hashKey{new(big.Int).Rsh(n, 64).Uint64(), lo.Uint64()}
}

// parseHash reads a decimal hash key: 0|([1-9]\d{0,38}), below 2^128.
func parseHash(s string) (hashKey, bool) {
	if s == "" || len(s) > 39 || len(s) > 1 && s[0] == '0' {
		return hashKey{}, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return hashKey{}, false
		}
	}
	n, _ := new(big.Int).SetString(s, 10)
	if n.BitLen() > 128 {
		return hashKey{}, false
	}
	return fromBig(n), true
}

// evenRange is the i-th of n equal ranges of the hash space; the last takes what the division leaves.
func evenRange(i, n int) (lo, hi hashKey) {
	whole := new(big.Int).Lsh(big.NewInt(1), 128)
	size := new(big.Int).Div(whole, big.NewInt(int64(n)))
	first := new(big.Int).Mul(size, big.NewInt(int64(i)))
	if i == n-1 {
		return fromBig(first), maxHash
	}
	last := new(big.Int).Add(first, size)
	return fromBig(first), fromBig(last.Sub(last, big.NewInt(1)))
}
