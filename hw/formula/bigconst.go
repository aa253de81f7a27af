package formula

import (
	"math/big"
	"sync"
)

// guard is how many bits beyond the asked precision intermediate results carry. Every function here is a few operations
// whose errors stay below a thousandth of the last place asked for, so nearly all results are correctly rounded.
const guard = 48

// bigMath does elementary functions in big.Float. It keeps ln 2 and π at the highest precision asked for so far. A nil
// *big.Float stands for NaN, which big.Float lacks.
type bigMath struct {
	mu      sync.Mutex
	ln2, pi *big.Float
}

// float returns a zero of precision p, a result to write to.
func float(p uint) *big.Float { return new(big.Float).SetPrec(p) }

// round returns x at precision p.
func round(x *big.Float, p uint) *big.Float { return float(p).Set(x) }

// exponent returns e with |x| in [2^(e−1), 2^e), for finite x other than zero.
func exponent(x *big.Float) int { return x.MantExp(nil) }

// above returns n if it is positive, else 0.
func above(n int) uint { return uint(max(n, 0)) }

// Ln2 returns ln 2 to at least p bits.
func (m *bigMath) Ln2(p uint) *big.Float {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ln2 == nil || m.ln2.Prec() < p {
		// ln 2 = 18 artanh(1/26) − 2 artanh(1/4801) + 8 artanh(1/8749)
		m.ln2 = fixedSum(p, 1, [][2]int64{{18, 26}, {-2, 4801}, {8, 8749}})
	}
	return m.ln2
}

// Pi returns π to at least p bits.
func (m *bigMath) Pi(p uint) *big.Float {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pi == nil || m.pi.Prec() < p {
		// Machin: π = 16 arctan(1/5) − 4 arctan(1/239)
		m.pi = fixedSum(p, -1, [][2]int64{{16, 5}, {-4, 239}})
	}
	return m.pi
}

// fixedSum returns Σ c·artanh(1/d), or of arctan if sign is −1, over the pairs (c, d), in fixed point.
func fixedSum(p uint, sign int64, terms [][2]int64) *big.Float {
	bits := p + guard
	sum := new(big.Int)
	for _, t := range terms {
		power := new(big.Int).Lsh(big.NewInt(t[0]), bits)
		power.Quo(power, big.NewInt(t[1]))
		d2 := big.NewInt(sign * t[1] * t[1])
		for n := int64(1); power.Sign() != 0; n += 2 {
			sum.Add(sum, new(big.Int).Quo(power, big.NewInt(n)))
			power.Quo(power, d2)
		}
	}
	x := float(p + guard).SetInt(sum)
	return x.SetMantExp(x, -int(bits))
}

// Symbol returns the constant to p bits.
func (m *bigMath) Symbol(s Symbol, p uint) *big.Float {
	root := func() *big.Float {
		x := m.Pi(p + guard)
		return float(p + guard).Sqrt(float(x.Prec()).SetMantExp(x, 1))
	}
	switch s {
	case SymPi:
		return round(m.Pi(p), p)
	case SymLn2:
		return round(m.Ln2(p), p)
	case SymSqrt2Pi:
		return round(root(), p)
	case SymInvSqrt2Pi:
		return float(p).Quo(big.NewFloat(1), root())
	}
	panic("formula: unknown symbol")
}
