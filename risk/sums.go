package risk

import "github.com/volgaquant/volga/pricing"

// columns is the number of sums that a ladder keeps: the value, the Greeks, and delta and gamma in money.
const columns = 19

var columnNames = [columns]string{
	"Value", "Delta", "Gamma", "Vega", "Theta", "Rho", "YieldRho", "Vanna", "Volga", "Charm", "Speed", "Color", "Zomma",
	"Veta", "Ultima", "DualDelta", "DualGamma", "CashDelta", "CashGamma",
}

// columns returns what multiplier units of the underlying contribute to each sum.
func (k *Mark) columns(multiplier float64) [columns]float64 {
	g := &k.Greeks
	unit := [columns]float64{
		k.Value, g.Delta, g.Gamma, g.Vega, g.Theta, g.Rho, g.YieldRho, g.Vanna, g.Volga, g.Charm, g.Speed, g.Color,
		g.Zomma, g.Veta, g.Ultima, g.DualDelta, g.DualGamma, g.DeltaCash(k.Spot), g.GammaCash(k.Spot),
	}
	for i := range unit {
		unit[i] *= multiplier
	}
	return unit
}

func greeksOf(s *[columns]float64) pricing.Greeks {
	return pricing.Greeks{
		Delta: s[1], Gamma: s[2], Vega: s[3], Theta: s[4], Rho: s[5], YieldRho: s[6], Vanna: s[7], Volga: s[8],
		Charm: s[9], Speed: s[10], Color: s[11], Zomma: s[12], Veta: s[13], Ultima: s[14], DualDelta: s[15], DualGamma: s[16],
	}
}

// sums are compensated sums: the value of each is hi + lo. Terms enter and leave in any number and order, and the error
// stays near one rounding of the result, since that of lo is of second order (Ogita, Rump, Oishi, "Accurate sum and dot
// product", SIAM J. Sci. Comput. 26 (2005), algorithm 4.4).
type sums struct {
	hi, lo [columns]float64
}

// move replaces the contribution of a position of from contracts by that of to.
func (s *sums) move(unit *[columns]float64, from, to float64) {
	for i := range s.hi {
		hi, e1 := twoSum(s.hi[i], float64(to*unit[i]))
		hi, e2 := twoSum(hi, -float64(from*unit[i]))
		s.hi[i] = hi
		s.lo[i] += e1 + e2
	}
}

func (s *sums) plus(t *sums) {
	for i := range s.hi {
		hi, e := twoSum(s.hi[i], t.hi[i])
		s.hi[i] = hi
		s.lo[i] += e + t.lo[i]
	}
}

func (s *sums) values() (v [columns]float64) {
	for i := range v {
		v[i] = s.hi[i] + s.lo[i]
	}
	return v
}

// twoSum returns the rounded sum of a and b and its exact error (Knuth, TAOCP vol. 2, 4.2.2, theorem B).
func twoSum(a, b float64) (sum, err float64) {
	sum = a + b
	z := sum - a
	return sum, (a - (sum - z)) + (b - z)
}
