package black

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/special/exact"
	"github.com/volgaquant/volga/pricing"
)

const eps = 0x1p-53

// The witness: the textbook formulas with 320 bits, and their derivatives by central differences with a relative bump of 2⁻⁵⁰,
// whose error is of the order of 2⁻⁶⁰ at worst.

// Variables of a witness price.
const (
	vSpot = iota
	vStrike
	vRate
	vYield
	vVol
	vTau
	variables
)

type point [variables]*big.Float

type witness func(x point) *big.Float

func at(spot, strike, rate, yield, vol, tau float64) point {
	return point{exact.Of(spot), exact.Of(strike), exact.Of(rate), exact.Of(yield), exact.Of(vol), exact.Of(tau)}
}

func exactBSM(phi float64) witness {
	return func(x point) *big.Float {
		p := exact.Of(phi)
		neg := func(r int) *big.Float { return exact.Exp(exact.Mul(exact.Of(-1), exact.Mul(x[r], x[vTau]))) }
		sq, kr := exact.Mul(x[vSpot], neg(vYield)), exact.Mul(x[vStrike], neg(vRate))
		s := exact.Mul(x[vVol], exact.Sqrt(x[vTau]))
		d1 := exact.Add(exact.Quo(exact.Log(exact.Quo(sq, kr)), s), exact.Mul(exact.Of(0.5), s))
		d2 := exact.Sub(d1, s)
		return exact.Mul(p, exact.Sub(exact.Mul(sq, exact.CDF(exact.Mul(p, d1))), exact.Mul(kr, exact.CDF(exact.Mul(p, d2)))))
	}
}

func exactBachelier(phi float64) witness {
	return func(x point) *big.Float {
		p := exact.Of(phi)
		s := exact.Mul(x[vVol], exact.Sqrt(x[vTau]))
		m := exact.Mul(p, exact.Sub(x[vSpot], x[vStrike]))
		d := exact.Quo(m, s)
		u := exact.Add(exact.Mul(m, exact.CDF(d)), exact.Mul(s, exact.PDF(d)))
		return exact.Mul(u, exact.Exp(exact.Mul(exact.Of(-1), exact.Mul(x[vRate], x[vTau]))))
	}
}

// d is the mixed derivative by the listed variables.
func (f witness) d(x point, by ...int) *big.Float {
	if len(by) == 0 {
		return f(x)
	}
	h := new(big.Float).SetMantExp(new(big.Float).Abs(x[by[0]]), -50)
	if h.Sign() == 0 {
		h = new(big.Float).SetMantExp(exact.Of(1), -50)
	}
	up, down := x, x
	up[by[0]], down[by[0]] = exact.Add(x[by[0]], h), exact.Sub(x[by[0]], h)
	return exact.Quo(exact.Sub(f.d(up, by[1:]...), f.d(down, by[1:]...)), exact.Mul(exact.Of(2), h))
}

// checkExact compares with the witness: |got−want| <= 1e-13·|want| + 40ε·size, where size is the sum of the absolute terms of the formula.
func checkExact(t *testing.T, label, name string, got float64, want *big.Float, size float64) float64 {
	t.Helper()
	w, _ := want.Float64()
	off, _ := exact.Sub(exact.Of(got), want).Float64()
	off = math.Abs(off)
	if !(off <= 1e-13*math.Abs(w)+40*eps*size) {
		t.Errorf("%s: %s = %.17g, want %.17g, off by %.3g", label, name, got, w, off)
	}
	return off / (math.Abs(w) + size)
}

// sizes of the terms of the lognormal Greeks.
type sizes struct{ n, s, spot, dd, drift, h, vega, gamma, sigma float64 }

func (z sizes) calendar(q float64) float64 { return math.Abs(q) + z.dd*z.drift + z.dd*z.dd*z.h }

// randomBSM is out of the money: there the witness does not cancel. Parity carries the result to the other side.
func randomBSM(rng *rand.Rand, i int) BSM {
	o := BSM{
		Right: pricing.Call, Spot: 100 * math.Exp(rng.NormFloat64()), Rate: 0.2 * (rng.Float64() - 0.5), Yield: 0.2 * (rng.Float64() - 0.5),
		Vol: math.Exp(rng.Float64()*3 - 3), Tau: math.Exp(rng.Float64()*6 - 4.5),
	}
	if i%5 == 0 {
		o.Yield = o.Rate
	}
	width := []float64{0.01, 1, 3, 8}[i%4]
	move := width * o.Vol * math.Sqrt(o.Tau) * rng.NormFloat64()
	o.Strike = o.Spot * math.Exp((o.Rate-o.Yield)*o.Tau+move)
	if move < 0 {
		o.Right = pricing.Put
	}
	return o
}

func TestGreeksAgainstExactDerivatives(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	worst, value, valueAt := 0.0, 0.0, ""
	for i := range 60 {
		o := randomBSM(rng, i)
		v, g := o.Greeks()
		f, x := exactBSM(float64(o.Right)), at(o.Spot, o.Strike, o.Rate, o.Yield, o.Vol, o.Tau)
		label := fmt.Sprintf("%+v", o)
		if e := exact.Err(v, f(x)); e > value {
			value, valueAt = e, label
		}
		if p := o.Price(); p != v {
			t.Errorf("%s: Price %v differs from the value of Greeks %v", label, p, v)
		}
		s := o.Vol * math.Sqrt(o.Tau)
		d1 := (math.Log(o.Spot/o.Strike) + (o.Rate-o.Yield)*o.Tau) / s
		c := math.Abs(o.Rate - o.Yield)
		z := sizes{
			s: s, spot: o.Spot, dd: 1 + math.Abs(d1) + s, drift: c / s, h: 0.5 / o.Tau, vega: g.Vega, gamma: g.Gamma, sigma: o.Vol,
			n: g.Vega / math.Sqrt(o.Tau),
		}
		df, kr := math.Exp(-o.Yield*o.Tau), o.Strike*math.Exp(-o.Rate*o.Tau)
		for _, c := range []struct {
			name string
			got  float64
			by   []int
			sign float64
			size float64
		}{
			{"Delta", g.Delta, []int{vSpot}, 1, 0}, {"DualDelta", g.DualDelta, []int{vStrike}, 1, 0},
			{"Gamma", g.Gamma, []int{vSpot, vSpot}, 1, 0}, {"DualGamma", g.DualGamma, []int{vStrike, vStrike}, 1, 0},
			{"Vega", g.Vega, []int{vVol}, 1, 0}, {"Rho", g.Rho, []int{vRate}, 1, 0}, {"YieldRho", g.YieldRho, []int{vYield}, 1, 0},
			{"Theta", g.Theta, []int{vTau}, -1, math.Abs(o.Yield)*v + c*kr*math.Abs(g.DualDelta) + z.n*o.Vol*z.h*math.Sqrt(o.Tau)},
			{"Vanna", g.Vanna, []int{vSpot, vVol}, 1, z.n * z.dd / (o.Spot * o.Vol)},
			{"Volga", g.Volga, []int{vVol, vVol}, 1, z.vega * z.dd * z.dd / o.Vol},
			{"Charm", g.Charm, []int{vSpot, vTau}, -1, math.Abs(o.Yield*g.Delta)*df + z.n/o.Spot*(z.drift+z.dd*z.h)},
			{"Speed", g.Speed, []int{vSpot, vSpot, vSpot}, 1, z.gamma / o.Spot * (z.dd/s + 1)},
			{"Color", g.Color, []int{vSpot, vSpot, vTau}, -1, z.gamma * z.calendar(o.Yield)},
			{"Zomma", g.Zomma, []int{vSpot, vSpot, vVol}, 1, z.gamma * z.dd * z.dd / o.Vol},
			{"Veta", g.Veta, []int{vVol, vTau}, -1, z.vega * z.calendar(o.Yield)},
			{"Ultima", g.Ultima, []int{vVol, vVol, vVol}, 1, z.vega * z.dd * z.dd * z.dd * z.dd / (o.Vol * o.Vol)},
		} {
			want := exact.Mul(exact.Of(c.sign), f.d(x, c.by...))
			worst = math.Max(worst, checkExact(t, label, c.name, c.got, want, c.size))
		}
	}
	t.Logf("worst error: price %.2g relative, Greeks %.2g of the sum of their terms", value, worst)
	if value > 3e-15 {
		t.Errorf("price error %.3g of %s, stated 3e-15", value, valueAt)
	}
}

func TestForwardGreeksAgainstExactDerivatives(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	for i := range 20 {
		b := randomBSM(rng, i)
		df := math.Exp(-b.Rate * b.Tau)
		rate := exact.Mul(exact.Of(-1), exact.Quo(exact.Log(exact.Of(df)), exact.Of(b.Tau)))
		lg := Black76{Right: b.Right, Forward: b.Spot, Strike: b.Strike, Vol: b.Vol, Tau: b.Tau, Discount: df}
		no := Bachelier{Right: b.Right, Forward: b.Spot, Strike: b.Strike, Vol: b.Vol * b.Spot, Tau: b.Tau, Discount: df}
		for _, kind := range []string{"black", "bachelier"} {
			var v float64
			var g pricing.Greeks
			var f witness
			x := at(b.Spot, b.Strike, 0, 0, b.Vol, b.Tau)
			scale := 1.0 // of the volatility
			if kind == "black" {
				v, g = lg.Greeks()
				bsm := exactBSM(float64(b.Right))
				f = func(x point) *big.Float { x[vYield] = x[vRate]; return bsm(x) }
			} else {
				v, g = no.Greeks()
				f = exactBachelier(float64(b.Right))
				x[vVol] = exact.Of(no.Vol)
				scale = b.Spot
			}
			x[vRate] = rate
			s := b.Vol * math.Sqrt(b.Tau)
			dd := 1 + math.Abs(math.Log(b.Spot/b.Strike))/s + s
			if kind == "bachelier" {
				dd = 1 + math.Abs(b.Spot-b.Strike)/(s*b.Spot)
			}
			r, h, vol := math.Abs(b.Rate), 0.5/b.Tau, b.Vol*scale
			cal := r + dd*dd*h
			for _, c := range []struct {
				name string
				got  float64
				by   []int
				sign float64
				size float64
			}{
				{"Value", v, nil, 1, 0}, {"Delta", g.Delta, []int{vSpot}, 1, 0}, {"DualDelta", g.DualDelta, []int{vStrike}, 1, 0},
				{"Gamma", g.Gamma, []int{vSpot, vSpot}, 1, 0}, {"DualGamma", g.DualGamma, []int{vStrike, vStrike}, 1, 0},
				{"Vega", g.Vega, []int{vVol}, 1, 0}, {"Rho", g.Rho, []int{vRate}, 1, 0},
				{"Theta", g.Theta, []int{vTau}, -1, r*v + g.Vega*vol*h},
				{"Vanna", g.Vanna, []int{vSpot, vVol}, 1, g.Gamma * b.Spot * dd * b.Tau * vol / math.Sqrt(b.Tau) / vol},
				{"Volga", g.Volga, []int{vVol, vVol}, 1, g.Vega * dd * dd / vol},
				{"Charm", g.Charm, []int{vSpot, vTau}, -1, r*math.Abs(g.Delta) + g.Gamma*vol*math.Sqrt(b.Tau)*b.Spot/scale*dd*h},
				{"Speed", g.Speed, []int{vSpot, vSpot, vSpot}, 1, g.Gamma / b.Spot * (dd/s + 1)},
				{"Color", g.Color, []int{vSpot, vSpot, vTau}, -1, g.Gamma * cal},
				{"Zomma", g.Zomma, []int{vSpot, vSpot, vVol}, 1, g.Gamma * dd * dd / vol},
				{"Veta", g.Veta, []int{vVol, vTau}, -1, g.Vega * cal},
				{"Ultima", g.Ultima, []int{vVol, vVol, vVol}, 1, g.Vega * dd * dd * dd * dd / (vol * vol)},
			} {
				want := exact.Mul(exact.Of(c.sign), f.d(x, c.by...))
				checkExact(t, fmt.Sprintf("%s %+v", kind, lg), c.name, c.got, want, c.size)
			}
			if g.YieldRho != 0 {
				t.Errorf("YieldRho %v of an option on a forward", g.YieldRho)
			}
		}
	}
}

// exactNormalised is b(−ξ,s), the out-of-the-money call.
func exactNormalised(xi, s *big.Float) *big.Float {
	x := exact.Mul(exact.Of(-1), xi)
	h := exact.Mul(exact.Of(0.5), s)
	e := exact.Exp(exact.Mul(exact.Of(0.5), x))
	d := exact.Quo(x, s)
	return exact.Sub(exact.Mul(e, exact.CDF(exact.Add(d, h))), exact.Quo(exact.CDF(exact.Sub(d, h)), e))
}

func TestNormalisedPriceExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 1))
	worst, where := 0.0, [2]float64{}
	for i := 0; i < 1500; i++ {
		xi, s := math.Exp(rng.Float64()*16-10), math.Exp(rng.Float64()*9-6)
		if i%3 == 0 { // the realistic corner, where the forms meet
			xi, s = rng.Float64(), 1.2*rng.Float64()+1e-3
		}
		if xi/s > 36 || xi > 600 {
			continue
		}
		b := NormalisedPrice(-xi, s)
		if e := exact.Err(b, exactNormalised(exact.Of(xi), exact.Of(s))); e > worst {
			worst, where = e, [2]float64{xi, s}
		}
	}
	t.Logf("worst relative error %.3g at ξ=%v s=%v", worst, where[0], where[1])
	if worst > 2e-15 {
		t.Errorf("relative error %.3g at %v, stated 2e-15", worst, where)
	}
}

func TestImpliedTotalVolExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 1))
	worst, where := 0.0, ""
	for i := 0; i < 1500; i++ {
		xi, s := math.Exp(rng.Float64()*16-10), math.Exp(rng.Float64()*9-6)
		if i%2 == 0 {
			xi, s = rng.Float64(), 1.2*rng.Float64()+1e-3
		}
		f := math.Exp(rng.NormFloat64())
		k := f * math.Exp(xi)
		u := math.Sqrt(f*k) * NormalisedPrice(-xi, s)
		if !(u > 1e-290 && u < f) || xi > 500 {
			continue
		}
		got := ImpliedTotalVol(pricing.Call, u, f, k)
		x := exact.Log(exact.Quo(exact.Of(k), exact.Of(f)))
		root := exact.Sqrt(exact.Mul(exact.Of(f), exact.Of(k)))
		sb := exact.Of(got)
		res := exact.Sub(exact.Mul(root, exactNormalised(x, sb)), exact.Of(u))
		a, h := exact.Quo(x, sb), exact.Mul(exact.Of(0.5), sb)
		vega := exact.Mul(root, exact.Exp(exact.Mul(exact.Of(0.5), exact.Mul(x, exact.Of(-1)))))
		vega = exact.Mul(vega, exact.PDF(exact.Sub(h, a)))
		off, _ := exact.Quo(res, exact.Mul(vega, sb)).Float64()
		cond, _ := exact.Quo(exact.Of(u), exact.Mul(vega, sb)).Float64()
		if e := math.Abs(off) / (eps * (1 + cond)); e > worst {
			worst, where = e, fmt.Sprintf("ξ=%v s=%v u=%v cond=%v", xi, got, u, cond)
		}
	}
	t.Logf("worst error %.2fε·(1+cond) at %s", worst, where)
	if worst > 5 {
		t.Errorf("error %.2fε·(1+cond) at %s, stated 5", worst, where)
	}
}

func TestBachelierImpliedVolExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 1))
	worst, where := 0.0, ""
	for range 1000 {
		a := math.Exp(rng.Float64()*14 - 10.4)
		s := math.Exp(rng.NormFloat64() * 5)
		k := a * s
		u := Bachelier{Right: pricing.Call, Strike: k, Vol: s, Tau: 1, Discount: 1}.Price()
		if u < 1e-290 {
			continue
		}
		got := bachelierTotalVol(pricing.Call, u, 0, k)
		price := exactBachelier(1)(at(0, k, 0, 0, got, 1))
		n := exact.PDF(exact.Quo(exact.Of(k), exact.Of(got)))
		off, _ := exact.Quo(exact.Sub(price, exact.Of(u)), exact.Mul(n, exact.Of(got))).Float64()
		cond, _ := exact.Quo(price, exact.Mul(n, exact.Of(got))).Float64()
		if e := math.Abs(off) / (eps * (1 + cond)); e > worst {
			worst, where = e, fmt.Sprintf("a=%v s=%v u=%v", a, s, u)
		}
	}
	t.Logf("worst error %.2fε·(1+cond) at %s", worst, where)
	if worst > 5 {
		t.Errorf("error %.2fε·(1+cond) at %s, stated 5", worst, where)
	}
}
