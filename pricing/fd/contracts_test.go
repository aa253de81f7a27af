package fd

import (
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/model"
)

// A contract gets the engine by saying what it pays: a butterfly is three calls, a digital a step, a power a closed form.
func TestAnyPayoff(t *testing.T) {
	const r, q, vol, T = 0.05, 0.02, 0.3, 0.8
	m := flatWorld(100, r, q, vol)
	call := func(k float64) pricing.Result {
		return priced(t, analytic.European{}, pricing.Vanilla{Right: pricing.Call, Strike: k, Expiry: T}, m)
	}
	sd := vol * math.Sqrt(T)
	forward := 100 * math.Exp((r-q)*T)
	probability := func(k float64) float64 { // of ending above k
		return 0.5 * math.Erfc(-(math.Log(forward/k)/sd-0.5*sd)/math.Sqrt2)
	}
	butterfly := paid{T, []float64{95, 105, 115}, func(s float64) float64 { return math.Max(0, 10-math.Abs(s-105)) }}
	narrow := paid{T, []float64{104.9, 105, 105.1}, func(s float64) float64 { return math.Max(0, 0.1-math.Abs(s-105)) }}
	digital := paid{T, []float64{103}, func(s float64) float64 {
		if s > 103 {
			return 1
		}
		return 0
	}}
	corridor := paid{T, []float64{97, 103.7, 103.9}, func(s float64) float64 {
		switch {
		case s > 97 && s < 103.7:
			return 1
		case s >= 103.7 && s < 103.9:
			return -2
		}
		return 0
	}}
	power := func(p float64) paid {
		return paid{T, nil, func(s float64) float64 { return math.Pow(s/100, p) }}
	}
	powered := func(p float64) float64 {
		return math.Exp(-r*T) * math.Pow(forward/100, p) * math.Exp(0.5*p*(p-1)*sd*sd)
	}
	d := math.Exp(-r * T)
	for _, c := range []struct {
		name  string
		in    pricing.Instrument
		want  float64
		delta float64 // NaN is not looked at
		tol   float64
	}{
		{"butterfly", butterfly, call(95).Value - 2*call(105).Value + call(115).Value, call(95).Delta - 2*call(105).Delta + call(115).Delta, 1e-6},
		{"narrow butterfly", narrow, call(104.9).Value - 2*call(105).Value + call(105.1).Value, math.NaN(), 1e-7},
		{"digital", digital, d * probability(103),
			d * math.Exp(-0.5*math.Pow(math.Log(forward/103)/sd-0.5*sd, 2)) / (100 * sd * math.Sqrt(2*math.Pi)), 1e-6},
		{"corridor", corridor, d * (probability(97) - 3*probability(103.7) + 2*probability(103.9)), math.NaN(), 1e-5},
		{"square", power(2), powered(2), 2 * powered(2) / 100, 1e-6},
		{"inverse", power(-1), powered(-1), -powered(-1) / 100, 1e-6},
		{"bond", power(0), d, 0, 1e-9},
		{"asset", power(1), 100 * math.Exp(-q*T) / 100, math.Exp(-q*T) / 100, 1e-9},
	} {
		got := priced(t, OneAsset{}, c.in, m)
		if math.Abs(got.Value-c.want) > c.tol || math.Abs(got.Delta-c.delta) > 10*c.tol {
			t.Errorf("%s: %.10g, delta %.8g, want %.10g, %.8g: off by %.2g", c.name, got.Value, got.Delta, c.want, c.delta, got.Value-c.want)
		}
	}
}

// A barrier in and the same one out make the contract without, rebates too: what a knock-out pays late on being hit and what
// a knock-in pays on not being hit make a bond.
func TestInAndOut(t *testing.T) {
	m := flatWorld(100, 0.05, 0.02, 0.25)
	m.Dividends = []model.Dividend{{Time: 0.4, Cash: 2}, {Time: 0.7, Proportion: 0.03}}
	v := pricing.Vanilla{Right: pricing.Put, Strike: 105, Expiry: 1}
	nothing := paid{1, nil, func(float64) float64 { return 0 }}
	whole := priced(t, OneAsset{}, v, m)
	for _, dates := range [][]float64{nil, {0.1, 0.4, 0.9}, even(12, 1)} {
		for _, list := range [][]pricing.Barrier{
			{{Level: 85, Dates: dates}}, {{Level: 118, Up: true, Dates: dates}},
			{{Level: 82, Dates: dates}, {Level: 121, Up: true, Dates: dates}},
		} {
			in := append([]pricing.Barrier(nil), list...)
			for i := range in {
				in[i].In = true
			}
			a, b := priced(t, OneAsset{}, knock{v, list}, m), priced(t, OneAsset{}, knock{v, in}, m)
			if math.Abs(a.Value+b.Value-whole.Value) > 2e-5 || math.Abs(a.Delta+b.Delta-whole.Delta) > 2e-5 {
				t.Errorf("%d barriers on %d dates: %.8g out and %.8g in, want %.8g", len(list), len(dates), a.Value, b.Value, whole.Value)
			}
			for i := range list {
				list[i].Rebate, list[i].Late, in[i].Rebate = 7, true, 7
			}
			a, b = priced(t, OneAsset{}, knockPaid{nothing, list}, m), priced(t, OneAsset{}, knockPaid{nothing, in}, m)
			if want := 7 * math.Exp(-0.05); math.Abs(a.Value+b.Value-want) > 5e-5 { // a kink before the dividend, between nodes
				t.Errorf("%d barriers on %d dates: rebates of %.8g out and %.8g in, want %.8g", len(list), len(dates), a.Value, b.Value, want)
			}
		}
	}
}

type knockPaid struct {
	paid
	barriers []pricing.Barrier
}

func (k knockPaid) Barriers() []pricing.Barrier { return k.barriers }

// An American option that is knocked in is worth, where the asset first reaches the barrier, the American option there: an
// integral over the law of that time. In-out parity does not hold for it.
func TestAmericanKnockIn(t *testing.T) {
	const r, q, vol, T, S, H = 0.05, 0.02, 0.25, 1.0, 100.0, 90.0
	m := flatWorld(S, r, q, vol)
	put := pricing.American{Right: pricing.Put, Strike: 100, Expiry: T}
	// The first passage of ln S at ln H has the density |a|/(vol√(2πt³))·exp(−(a−νt)²/(2vol²t)), a = ln(H/S).
	a, nu := math.Log(H/S), r-q-0.5*vol*vol
	const n = 400
	want := 0.0
	for i := range n {
		u := (float64(i) + 0.5) / n
		s := u * u * (3 - 2*u) // even at the ends
		at := T * s
		weight := T * 6 * u * (1 - u) / n
		density := math.Abs(a) / (vol * math.Sqrt(2*math.Pi*at*at*at)) * math.Exp(-(a-nu*at)*(a-nu*at)/(2*vol*vol*at))
		there := priced(t, analytic.AndersenLake{}, pricing.American{Right: pricing.Put, Strike: 100, Expiry: T - at}, m.WithSpot(H)).Value
		want += weight * density * math.Exp(-r*at) * there
	}
	got := priced(t, OneAsset{}, knockAmerican{put, []pricing.Barrier{{Level: H, In: true}}}, m)
	if math.Abs(got.Value-want) > 2e-5 {
		t.Errorf("%.8f, want %.8f", got.Value, want)
	}
	// A barrier that the asset is beyond on the first date brings the option to life then.
	soon := []pricing.Barrier{{Level: 150, In: true, Dates: []float64{0.01, 0.5}}}
	alive, plain := priced(t, OneAsset{}, knockAmerican{put, soon}, m).Value, priced(t, OneAsset{}, put, m).Value
	if !(math.Abs(alive-plain) < 1e-4) {
		t.Errorf("alive from the first date on: %.8f, American %.8f", alive, plain)
	}
	// Far barriers do nothing; a knock-out is worth no more than the option and no less than the European one.
	far := priced(t, OneAsset{}, knockAmerican{put, []pricing.Barrier{{Level: 400, Up: true}}}, m).Value
	if math.Abs(far-plain) > 1e-5 {
		t.Errorf("a barrier at 400: %.8f, without %.8f", far, plain)
	}
	up := []pricing.Barrier{{Level: 115, Up: true}}
	out, european := priced(t, OneAsset{}, knockAmerican{put, up}, m).Value, priced(t, OneAsset{}, knock{pricing.Vanilla(put), up}, m).Value
	if !(out < plain && out > european+0.05) {
		t.Errorf("knocked out %.6f, without a barrier %.6f, European %.6f", out, plain, european)
	}
}

// The four ways to solve the complementarity problem agree, with every scheme, for one boundary and for two.
func TestExerciseMethodsAgree(t *testing.T) {
	m := flatWorld(100, 0.05, 0.02, 0.2)
	put := pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}
	call := pricing.American{Right: pricing.Call, Strike: 95, Expiry: 1}
	hut := paidEarly{paid{1, []float64{80, 100, 120}, func(s float64) float64 { return math.Max(0, 20-math.Abs(s-100)) }}}
	straddle := paidEarly{paid{1, []float64{100}, func(s float64) float64 { return math.Abs(s - 100) }}}
	low := flatWorld(100, -0.02, -0.05, 0.2)
	for _, c := range []struct {
		name   string
		in     pricing.Instrument
		m      pricing.Model
		shaped bool // one interval of exercise at an end
	}{
		{"put", put, m, true}, {"call", call, flatWorld(100, 0.03, 0.08, 0.3), true}, {"butterfly", hut, m, false},
		{"straddle", straddle, flatWorld(100, 0.05, 0.05, 0.3), false}, {"put under negative rates", put, low, false},
	} {
		for _, scheme := range []Scheme{CrankNicolson, TRBDF2, Implicit} {
			e := OneAsset{SpaceSteps: 100, TimeSteps: 40, Single: true, Scheme: scheme}
			want := priced(t, e, c.in, c.m).Value
			for _, x := range []Exercise{BrennanSchwartz, Penalty, PSOR} {
				e.Exercise = x
				got, err := e.Price(ctx, c.in, c.m)
				if x == BrennanSchwartz && !c.shaped && err != nil {
					if !errors.Is(err, pricing.ErrUnsupported) {
						t.Errorf("%s, %v: %v", c.name, x, err)
					}
					continue
				}
				if err != nil || math.Abs(got.Value-want) > 2e-6 {
					t.Errorf("%s, %v, %v: %.8f, want %.8f, %v", c.name, scheme, x, got.Value, want, err)
				}
			}
		}
	}
	if _, err := (OneAsset{Exercise: BrennanSchwartz}).Price(ctx, straddle, flatWorld(100, 0.05, 0.05, 0.3)); !errors.Is(err, pricing.ErrUnsupported) {
		t.Errorf("Brennan and Schwartz took a straddle: %v", err)
	}
}

// American options are worth no less than they pay, rise with the expiry, and puts are convex in the spot.
func TestAmericanShape(t *testing.T) {
	last := 0.0
	for _, expiry := range []float64{0.02, 0.1, 0.5, 1, 3, 10} {
		v := priced(t, OneAsset{}, pricing.American{Right: pricing.Put, Strike: 110, Expiry: expiry}, flatWorld(100, 0.04, 0.01, 0.3)).Value
		if v < last || v < 10 {
			t.Errorf("expiry %g: %g after %g", expiry, v, last)
		}
		last = v
	}
}

// Orders of convergence on grids each with twice the steps of the one before, without extrapolation, from the last two quotients.
func TestOrders(t *testing.T) {
	m := flatWorld(100, 0.05, 0.02, 0.25)
	european := pricing.Vanilla{Right: pricing.Call, Strike: 103, Expiry: 1}
	digital := paid{1, []float64{103}, func(s float64) float64 {
		if s > 103 {
			return 1
		}
		return 0
	}}
	american := pricing.American{Right: pricing.Put, Strike: 105, Expiry: 1}
	barrier := knock{european, []pricing.Barrier{{Level: 90, Rebate: 1}}}
	space := func(n int) OneAsset { return OneAsset{SpaceSteps: n, TimeSteps: 2000, Scheme: TRBDF2} }
	time := func(s Scheme) func(n int) OneAsset {
		return func(n int) OneAsset { return OneAsset{SpaceSteps: 1600, TimeSteps: n, Scheme: s} }
	}
	both := func(s Scheme) func(n int) OneAsset {
		return func(n int) OneAsset { return OneAsset{SpaceSteps: n, TimeSteps: n / 4, Scheme: s} }
	}
	for _, c := range []struct {
		name        string
		in          pricing.Instrument
		e           func(n int) OneAsset
		order, tol  float64
		gammaToo    bool
		first, last int
	}{
		{"space, European", european, space, 2, 0.1, true, 100, 800},
		{"space, digital", digital, space, 2, 0.2, true, 100, 800},
		{"space, barrier", barrier, space, 2, 0.1, true, 100, 800},
		{"time, implicit", european, time(Implicit), 1, 0.1, true, 10, 80},
		{"time, Crank-Nicolson", european, time(CrankNicolson), 2, 0.25, false, 10, 80},
		{"time, TR-BDF2", european, time(TRBDF2), 2, 0.35, false, 10, 80},
		{"time, Crank-Nicolson, digital", digital, time(CrankNicolson), 2, 0.25, false, 10, 80},
		{"both, American", american, both(Recommended), 2, 0.15, false, 100, 800},
		{"both, American, implicit", american, both(Implicit), 1, 0.15, false, 100, 800},
	} {
		var values, gammas []float64
		for n := c.first; n <= c.last; n *= 2 {
			e := c.e(n)
			e.Single = true
			r := priced(t, e, c.in, m)
			values, gammas = append(values, r.Value), append(gammas, r.Gamma)
		}
		order := func(v []float64) float64 {
			k := len(v) - 1
			return math.Log2(math.Abs((v[k-2] - v[k-1]) / (v[k-1] - v[k])))
		}
		t.Logf("%s: order %.3f in value, %.3f in gamma", c.name, order(values), order(gammas))
		if got := order(values); math.Abs(got-c.order) > c.tol {
			t.Errorf("%s: order %.3f, want %g within %g: %v", c.name, got, c.order, c.tol, values)
		}
		if got := order(gammas); c.gammaToo && math.Abs(got-c.order) > 2*c.tol {
			t.Errorf("%s: order %.3f in gamma, want %g within %g: %v", c.name, got, c.order, 2*c.tol, gammas)
		}
	}
}

func TestNames(t *testing.T) {
	for s := Recommended; s <= Implicit; s++ {
		text, err := s.MarshalText()
		var back Scheme
		if err != nil || back.UnmarshalText(text) != nil || back != s || s.String() != string(text) {
			t.Errorf("%v became %v, %v", s, back, err)
		}
	}
	for x := PolicyIteration; x <= PSOR; x++ {
		text, err := x.MarshalText()
		var back Exercise
		if err != nil || back.UnmarshalText(text) != nil || back != x || x.String() != string(text) {
			t.Errorf("%v became %v, %v", x, back, err)
		}
	}
	var x Exercise
	if _, err := Scheme(17).MarshalText(); !errors.Is(err, pricing.ErrDomain) || x.UnmarshalText([]byte("guess")) == nil || Scheme(17).String() != "Scheme(17)" {
		t.Errorf("a scheme of 17: %v", err)
	}
}
