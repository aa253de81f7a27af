package formula

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestBachelierRowsMatchDerivatives(t *testing.T) {
	rng := rand.New(rand.NewPCG(27, 28))
	rows, derived := BachelierRows(AllGreeks, Float64), NewEvaluator(BachelierGreeks(AllGreeks))
	want := make([]float64, len(greekNames))
	for range 500 {
		sign, s, k, tau, vol, r, _ := randomOption(rng)
		got := rows.Eval(sign, s, k, tau, vol*s, math.Exp(-r*tau), r)
		derived.Eval(want, []float64{sign, s, k, tau, vol * s, r})
		for i, name := range greekNames {
			if math.Abs(got[i]-want[i]) > 2e-14*math.Abs(want[i])+3e-14*max(1, k/s)*scaleOf(name, s, tau, vol) {
				t.Errorf("%s at %v: %v, by differentiation %v", name, []float64{sign, s, k, tau, vol * s, r}, got[i], want[i])
			}
		}
	}
}

// Outside the range of rows the price is NaN, and so it is where an input is bad.
func TestRowsOutside(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	forward, spot, normal := European{Market: GivenForward}.Rows(), European{Market: GivenSpotYield}.Rows(), BachelierRows(PriceOnly, Float64)
	for i := range 6 {
		for _, v := range []float64{nan, inf, -inf, 0, -1, 1e-120, 1e120} {
			in := []float64{1, 100, 110, 0.5, 0.2, 0.98}
			in[i] = v
			if i == 0 && v == v || i == 3 && (v == 1e-120 || v == 1e120) {
				continue // the sign is taken as it is; such a time leaves σ√T in range
			}
			if p := forward.Eval(in...)[0]; p == p {
				t.Errorf("Black: price %v of %v", p, in)
			}
			if p := normal.Eval(in...)[0]; p == p && (i > 2 || v != v || math.Abs(v) > 1e100) {
				t.Errorf("Bachelier: price %v of %v", p, in)
			}
			in = append(in[:5], 0.03, 0.01)
			if i == 5 {
				in[5] = v
			}
			if p := spot.Eval(in...)[0]; p == p && (i < 4 || v != v || math.Abs(v) > 1e100) && i < 5 {
				t.Errorf("BSM: price %v of %v", p, in)
			}
		}
	}
}

// Where d1, d2 or the distance to the strike is exactly zero, calls and puts are what they are on both sides of it.
func TestRowsAtZeroDistance(t *testing.T) {
	for _, format := range []Format{Float64, Float32} {
		tolerance := 1e-14
		if format == Float32 {
			tolerance = 1e-6
		}
		rows, normal := NewEvaluator(European{GivenSpotYield, FirstOrder, format}.Rows()), NewEvaluator(BachelierRows(FirstOrder, format))
		definition, normalDefinition := NewEvaluator(BSMGreeks(FirstOrder)), NewEvaluator(BachelierGreeks(FirstOrder))
		got, want := make([]float64, 6), make([]float64, 6)
		check := func(model string, in []float64) {
			t.Helper()
			for i := range got {
				if math.Abs(got[i]-want[i]) > tolerance*(100+math.Abs(want[i])) {
					t.Errorf("%v, %s at %v: %s is %v, want %v", format, model, in, greekNames[i], got[i], want[i])
				}
			}
		}
		for _, sign := range []float64{1, -1} {
			for _, in := range [][]float64{
				{sign, 100, 100, 1, 0.5, 0.125, 0}, {sign, 100, 100, 1, 0.5, 0, 0.125}, {sign, 100, 100, 1, 0.25, 0.03125, 0}, {sign, 100, 100, 0.25, 0.5, 0, 0},
			} {
				rows.Eval(got, in)
				definition.Eval(want, in)
				check("lognormal", in)
			}
			for _, f := range []float64{0, 100, -100} {
				in := []float64{sign, f, f, 0.25, 20, 1, 0}
				normal.Eval(got, in)
				normalDefinition.Eval(want, []float64{sign, f, f, 0.25, 20, 0})
				check("normal", in)
			}
		}
	}
}
