package formula

import (
	"math"
	"math/rand/v2"
	"testing"
)

func randomNormal(rng *rand.Rand) (sign, f, k, tau, vol, r float64) {
	sign = math.Copysign(1, rng.Float64()-0.5)
	f, tau, vol = 10*rng.NormFloat64(), 0.1+rng.Float64(), 2+8*rng.Float64()
	return sign, f, f + 2*vol*math.Sqrt(tau)*rng.NormFloat64(), tau, vol, 0.05 * rng.Float64()
}

// Greeks by hand and by differentiation agree, and both with the definition at 160 bits.
func TestBachelierRows(t *testing.T) {
	fast, derived := NewEvaluator(BachelierRows(AllGreeks, Float64)), NewEvaluator(BachelierGreeks(AllGreeks))
	exact := NewBigEvaluator(BachelierGreeks(AllGreeks), 160)
	rng := rand.New(rand.NewPCG(71, 72))
	a, b, worst := make([]float64, len(greekNames)), make([]float64, len(greekNames)), make([]float64, len(greekNames))
	for range points(t, 1000) {
		sign, f, k, tau, vol, r := randomNormal(rng)
		s := vol * math.Sqrt(tau)
		fast.Eval(a, []float64{sign, f, k, tau, vol, math.Exp(-r * tau), r})
		derived.Eval(b, []float64{sign, f, k, tau, vol, r})
		size := map[string]float64{
			"price": max(s, math.Abs(f-k)), "delta": 1, "gamma": 1 / s, "vega": math.Sqrt(tau), "theta": s/tau + r*math.Abs(f-k),
			"rho": tau * max(s, math.Abs(f-k)), "vanna": 1 / vol, "volga": math.Sqrt(tau) / vol, "charm": 1 / tau, "speed": 1 / (s * s),
			"zomma": 1 / (s * vol), "color": 1 / (s * tau),
		}
		for i, want := range exact.Eval(asBig([]float64{sign, f, k, tau, vol, r})...) {
			w, _ := want.Float64()
			name := greekNames[i]
			worst[i] = max(worst[i], math.Abs(a[i]-w)/size[name])
			if math.Abs(a[i]-b[i]) > 1e-14*size[name] {
				t.Errorf("%s: %v by hand, %v by differentiation", name, a[i], b[i])
			}
		}
	}
	for i, name := range greekNames {
		t.Logf("%s: %.2g", name, worst[i])
		if worst[i] > 3e-15 || i == 0 && worst[i] > 1e-15 {
			t.Errorf("%s: error %.2g of its size", name, worst[i])
		}
	}
	price := BachelierRows(PriceOnly, Float64)
	for range 100 {
		sign, f, k, tau, vol, r := randomNormal(rng)
		in := []float64{sign, f, k, tau, vol, math.Exp(-r * tau), r}
		fast.Eval(a, in)
		if p := price.Eval(in[:6]...)[0]; !sameBits(p, a[0]) {
			t.Errorf("price %v alone, %v with Greeks", p, a[0])
		}
	}
}

func TestBachelierRowsFarOut(t *testing.T) {
	g := BachelierRows(AllGreeks, Float64)
	// Ten standard deviations out, against the definition at 200 bits.
	want, _ := Bachelier().EvalBig(200, asBig([]float64{1, 0, 10, 1, 1, 0})...)[0].Float64()
	if got := g.Eval(1, 0, 10, 1, 1, 1, 0)[0]; math.Abs(got/want-1) > 5e-14 {
		t.Errorf("price %v, want %v", got, want)
	}
}

// The derived Greeks against closed forms.
func TestBachelierGreeks(t *testing.T) {
	g := BachelierGreeks(AllGreeks)
	rng := rand.New(rand.NewPCG(31, 32))
	for range 200 {
		sign := math.Copysign(1, rng.Float64()-0.5)
		f, k := 10*rng.NormFloat64(), 10*rng.NormFloat64()
		tau, vol, r := 0.1+rng.Float64(), 5+5*rng.Float64(), 0.05*rng.Float64()
		out := g.Eval(sign, f, k, tau, vol, r)
		s := vol * math.Sqrt(tau)
		d, df := (f-k)/s, math.Exp(-r*tau)
		n := math.Exp(-d*d/2) / math.Sqrt(2*math.Pi)
		cdf := 0.5 * math.Erfc(-sign*d/math.Sqrt2)
		price := df * (sign*(f-k)*cdf + s*n)
		want := []float64{
			price, df * sign * cdf, df * n / s, df * n * math.Sqrt(tau), r*price - df*n*s/(2*tau), -tau * price,
			-df * n * d / vol, df * n * math.Sqrt(tau) * d * d / vol, // vanna, volga
		}
		for i, w := range want {
			if math.Abs(out[i]-w) > 1e-12*max(1, math.Abs(w)) {
				t.Errorf("%s: %v, want %v", greekNames[i], out[i], w)
			}
		}
	}
}
