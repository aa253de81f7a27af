package mm

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/surface"
)

var _ SmileVol = (*surface.ESSVI)(nil)

// flatVol is one volatility for all.
type flatVol float64

func (v flatVol) VolTo(dst, k []float64, _ float64) {
	for i := range k {
		dst[i] = float64(v)
	}
}

// ssvi is Gatheral and Jacquier's surface with total variance θ = ATM²·t at the money.
type ssvi struct{ atm, rho, eta float64 }

func (s ssvi) VolTo(dst, k []float64, t float64) {
	theta := s.atm * s.atm * t
	phi := s.eta / math.Sqrt(theta)
	for i, x := range k {
		p := phi*x + s.rho
		dst[i] = math.Sqrt(theta / 2 * (1 + s.rho*phi*x + math.Sqrt(p*p+1-s.rho*s.rho)) / t)
	}
}

// board lists a chain: both rights of strikes around 100 in each expiry.
func board(expiries, strikes int) RequoterSettings {
	s := RequoterSettings{Desk: DefaultDesk(), Rules: Rules{Ticks: PennyTicks()}}
	for e := range expiries {
		tau := 0.02 * math.Pow(1.15, float64(e))
		s.Expiries = append(s.Expiries, Expiry{
			Label: fmt.Sprintf("E%d", e), Tau: tau, Carry: math.Exp(0.03 * tau), Discount: math.Exp(-0.04 * tau), RealVol: 0.2,
		})
		for j := range strikes {
			k := 100 * math.Exp(0.6*(float64(j)/float64(strikes)-0.5))
			for _, right := range []pricing.Right{pricing.Call, pricing.Put} {
				s.Series = append(s.Series, Series{Expiry: e, Strike: math.Round(4*k) / 4, Right: right, Multiplier: 1})
			}
		}
	}
	return s
}

// fitted is an arbitrage-free surface with a pillar at each expiry.
func fitted(t testing.TB, expiries []Expiry) *surface.ESSVI {
	t.Helper()
	slices := make([]surface.Slice, len(expiries))
	for i, x := range expiries {
		theta := 0.04 * x.Tau
		slices[i] = surface.Slice{Tau: x.Tau, Theta: theta, Rho: -0.6, Psi: 0.9 * math.Sqrt(theta)}
	}
	e, err := surface.NewESSVI(slices)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func mustRequoter(t testing.TB, s RequoterSettings, vols SmileVol, spot float64) *Requoter {
	t.Helper()
	r, err := NewRequoter(s, vols, spot)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// One call at the money: F = K = 100, σ = 0.2, T = 1, worth 100·(2Φ(0.1)−1) with vega 100·n(0.1) and gamma n(0.1)/20.
func TestRequoterByHand(t *testing.T) {
	s := RequoterSettings{
		Expiries: []Expiry{{Label: "1y", Tau: 1, Carry: 1, Discount: 1, RealVol: 0.25}},
		Series:   []Series{{Strike: 100, Right: pricing.Call}},
		Desk:     DefaultDesk(),
		Rules:    Rules{Ticks: PennyTicks()},
		Sizer:    Sizer{Max: 50, Vega: 1000, Delta: 8},
	}
	r := mustRequoter(t, s, flatVol(0.2), 100)
	density := math.Exp(-0.005) / math.Sqrt(2*math.Pi)
	theo, vega, gamma := 100*math.Erf(0.1/math.Sqrt2), 100*density, density/20
	half := 0.05 + 0.0005*gamma
	c := r.Columns()
	near(t, "theo", c.Theo[0], theo, 1e-13)
	near(t, "vega", c.Vega[0], vega, 1e-13)
	near(t, "gamma", c.Gamma[0], gamma, 1e-16)
	near(t, "delta", c.Delta[0], (1+math.Erf(0.1/math.Sqrt2))/2, 1e-15)
	near(t, "alpha", c.Alpha[0], 0.5*1e4*gamma*(0.0625-0.04), 1e-12)
	near(t, "flat bid: 7.9656 − 0.0500 down", c.Bid[0], 7.90, 1e-12)
	near(t, "flat ask: 7.9656 + 0.0500 up", c.Ask[0], 8.05, 1e-12)
	near(t, "size: 8/0.5398 contracts of delta", c.Size[0], 14, 0)

	// Ten bought: inventory 10·vega, and a covariance of one volatility point squared.
	if err := r.OnFill(0, 10); err != nil {
		t.Fatal(err)
	}
	r.Reskew()
	skew := 0.05 * vega * 1e-4 * 10 * vega
	near(t, "inventory", r.Inventory(0), 10*vega, 1e-11)
	near(t, "skew", c.Skew[0], skew, 1e-13)
	near(t, "bid: 7.9656 − 0.0788 − 0.0500 down", c.Bid[0], 7.80, 1e-12)
	near(t, "ask: 7.9656 − 0.0788 + 0.0500 up", c.Ask[0], 7.95, 1e-12)
	q := r.Explain(0)
	near(t, "raw bid", q.RawBid, theo-skew-half, 1e-12)
	near(t, "raw ask", q.RawAsk, theo-skew+half, 1e-12)
}

func TestRequoterAgainstBlack(t *testing.T) {
	s := board(4, 25)
	vols := fitted(t, s.Expiries)
	r := mustRequoter(t, s, vols, 101.3)
	c := r.Columns()
	for i, o := range s.Series {
		x := s.Expiries[o.Expiry]
		vol := make([]float64, 1)
		vols.VolTo(vol, []float64{math.Log(o.Strike / (101.3 * x.Carry))}, x.Tau)
		option := black.Black76{Right: o.Right, Forward: 101.3 * x.Carry, Strike: o.Strike, Vol: vol[0], Tau: x.Tau, Discount: x.Discount}
		value, g := option.Greeks()
		name := fmt.Sprintf("%s %g %v: ", x.Label, o.Strike, o.Right)
		near(t, name+"theo", c.Theo[i], value, 1e-13*(1+value))
		near(t, name+"delta", c.Delta[i], g.Delta*x.Carry, 1e-13)
		near(t, name+"gamma", c.Gamma[i], g.Gamma*x.Carry*x.Carry, 1e-12)
		near(t, name+"vega", c.Vega[i], g.Vega, 1e-11)
	}
}

// Every quote of every requote is sane, and is the one that Explain gives.
func TestRequoterQuotesAreSane(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	nickel, penny := NickelTicks(), PennyTicks()
	for trial := range 60 {
		s := board(6, 20)
		s.Rules = Rules{Ticks: []TickTable{nickel, penny}[trial%2], MinEdge: 0.03 * rng.Float64(), PostOnly: trial%3 == 0}
		if trial%4 == 0 {
			s.Rules.SkewCap = rng.Float64()
		}
		s.Desk.Base *= rng.Float64()
		s.Desk.EdgeHorizon = 0.01 * rng.Float64()
		s.Dynamics = Dynamics(trial % 2)
		r := mustRequoter(t, s, ssvi{atm: 0.15 + 0.2*rng.Float64(), rho: -0.5, eta: 1}, 100)
		c := r.Columns()
		for i := range c.Position {
			if err := r.OnFill(i, math.Round(20*rng.NormFloat64())); err != nil {
				t.Fatal(err)
			}
			if rng.IntN(2) == 0 {
				bid := s.Rules.Ticks.Floor(c.Theo[i] * (0.9 + 0.2*rng.Float64()))
				r.SetMarket(i, bid, s.Rules.Ticks.Above(bid))
			}
		}
		for range 3 {
			if pulled := r.Requote(90 + 20*rng.Float64()); pulled != 0 {
				t.Fatalf("%d quotes pulled", pulled)
			}
			for i := range c.Bid {
				checkSane(t, &s.Rules, c.Bid[i], c.Ask[i], c.MarketBid[i], c.MarketAsk[i])
				q := r.Explain(i)
				if q.Bid != c.Bid[i] || q.Ask != c.Ask[i] || q.Cut != c.Cut[i] {
					t.Fatalf("series %d: explained %v, quoted %g x %g %v", i, q, c.Bid[i], c.Ask[i], c.Cut[i])
				}
			}
		}
	}
}

func checkSane(t *testing.T, rules *Rules, bid, ask, marketBid, marketAsk float64) {
	t.Helper()
	ticks := rules.Ticks
	switch {
	case bid < 0 || !(ask > bid) || math.IsInf(ask, 0):
		t.Fatalf("quote %g x %g", bid, ask)
	case bid > 0 && !ticks.Holds(bid), !ticks.Holds(ask):
		t.Fatalf("quote %g x %g is off the grid", bid, ask)
	case ask-bid < ticks.Tick(bid)-1e-9:
		t.Fatalf("quote %g x %g is closer than a tick", bid, ask)
	}
	if rules.PostOnly && (marketAsk > 0 && bid >= marketAsk || marketBid > 0 && ask <= marketBid) {
		t.Fatalf("quote %g x %g would trade with %g x %g", bid, ask, marketBid, marketAsk)
	}
}

// Buying vega in one expiry lowers the quotes of all expiries that are positively correlated with it, those nearer to it
// by more per vega, and leaves an uncorrelated one alone.
func TestRequoterVegaInventoryLowersCorrelatedExpiries(t *testing.T) {
	cov := mat.NewSymDense(4, []float64{
		4e-4, 3e-4, 1e-4, 0,
		3e-4, 4e-4, 2e-4, 0,
		1e-4, 2e-4, 3e-4, 0,
		0, 0, 0, 1e-4,
	})
	factors, err := NewVolFactors(cov)
	if err != nil {
		t.Fatal(err)
	}
	s := board(4, 15)
	s.Factors = factors
	s.Desk.GammaInv = 0.5
	r := mustRequoter(t, s, ssvi{atm: 0.2, rho: -0.5, eta: 1}, 100)
	c := r.Columns()
	before := make([]Quote, r.Len())
	for i := range before {
		before[i] = r.Explain(i)
	}
	at := 15 // near the money in expiry 0
	for fills := 1; fills <= 3; fills++ {
		if err := r.OnFill(at, 10); err != nil {
			t.Fatal(err)
		}
		r.Reskew()
		for i := range before {
			q, e := r.Explain(i), s.Series[i].Expiry
			want := 0.5 * c.Vega[i] * cov.At(e, 0) * c.Vega[at] * 10 * float64(fills)
			near(t, fmt.Sprintf("series %d: fall of the raw bid", i), before[i].RawBid-q.RawBid, want, 1e-12)
			near(t, fmt.Sprintf("series %d: fall of the raw ask", i), before[i].RawAsk-q.RawAsk, want, 1e-12)
			if q.Bid > before[i].Bid || q.Ask > before[i].Ask {
				t.Errorf("series %d: %v rose from %v", i, q, before[i])
			}
		}
	}
}

func TestRequoterSymmetricWithoutInventoryAndView(t *testing.T) {
	s := board(5, 21)
	s.Desk.EdgeHorizon = 0.01
	r := mustRequoter(t, s, flatVol(0.2), 100) // RealVol is 0.2 as well
	for i := range r.Len() {
		q := r.Explain(i)
		if q.Edge != 0 || q.Skew != 0 || r.Columns().Alpha[i] != 0 {
			t.Errorf("series %d has edge %g, skew %g", i, q.Edge, q.Skew)
		}
		near(t, "bid and ask distance", q.Theo-q.RawBid, q.RawAsk-q.Theo, 1e-13)
	}
	// A view moves fair value by α over the horizon, up where realised volatility is above implied.
	s.Expiries[2].RealVol = 0.3
	r = mustRequoter(t, s, flatVol(0.2), 100)
	for i := range r.Len() {
		q := r.Explain(i)
		if up := s.Series[i].Expiry == 2; up != (q.Edge > 0) {
			t.Errorf("series %d has edge %g", i, q.Edge)
		}
	}
}

func TestRequoterFillsAndRequotesAgree(t *testing.T) {
	s := board(5, 20)
	tau, vol := make([]float64, 5), make([]float64, 5)
	for e, x := range s.Expiries {
		tau[e], vol[e] = x.Tau, 0.02
	}
	factors, err := NewDecayVolFactors(tau, vol, 1.5)
	if err != nil {
		t.Fatal(err)
	}
	if s.Factors, err = factors.WithRank(3); err != nil {
		t.Fatal(err)
	}
	vols := ssvi{atm: 0.2, rho: -0.5, eta: 1}
	a := mustRequoter(t, s, vols, 100)
	rng := rand.New(rand.NewPCG(2, 2))
	for range 2000 {
		if err := a.OnFill(rng.IntN(a.Len()), math.Round(5*rng.NormFloat64())); err != nil {
			t.Fatal(err)
		}
	}
	a.Reskew()
	skews := append([]float64(nil), a.Columns().Skew...)
	a.Requote(100)
	for i, v := range skews {
		near(t, "skew by fills and from positions", a.Columns().Skew[i], v, 1e-10*(1+math.Abs(v)))
	}
	want := 0.0
	for i, o := range s.Series {
		if o.Expiry == 3 {
			want += a.Columns().Vega[i] * a.Columns().Position[i]
		}
	}
	near(t, "inventory", a.Inventory(3), want, 1e-9)
}

func TestRequoterDynamics(t *testing.T) {
	vols := ssvi{atm: 0.2, rho: -0.6, eta: 1}
	s := board(2, 11)
	moneyness := mustRequoter(t, s, vols, 100)
	s.Dynamics = StickyStrike
	strike := mustRequoter(t, s, vols, 100)
	held := append([]float64(nil), strike.Columns().Vol...)
	moneyness.Requote(105)
	strike.Requote(105)
	fresh := mustRequoter(t, s, vols, 105)
	for i, o := range s.Series {
		if strike.Columns().Vol[i] != held[i] {
			t.Errorf("series %d: sticky strike moved from %g to %g", i, held[i], strike.Columns().Vol[i])
		}
		if moneyness.Columns().Vol[i] != fresh.Columns().Vol[i] {
			t.Errorf("series %d: sticky moneyness gives %g, want %g", i, moneyness.Columns().Vol[i], fresh.Columns().Vol[i])
		}
		if o.Strike == 100 && !(moneyness.Columns().Vol[i] > held[i]) {
			t.Errorf("with the smile moving up, the strike at 100 has %g, before %g", moneyness.Columns().Vol[i], held[i])
		}
	}
	strike.SetSurface(vols, 105)
	strike.Requote(105)
	if got, want := strike.Columns().Vol[3], fresh.Columns().Vol[3]; got != want {
		t.Errorf("after a new surface sticky strike gives %g, want %g", got, want)
	}
	if StickyStrike.String() != "sticky strike" || StickyMoneyness.String() != "sticky moneyness" {
		t.Error("names of the dynamics")
	}
}

func TestRequoterContractCount(t *testing.T) {
	s := board(1, 5)
	s.Desk.Measure = ContractCount
	r := mustRequoter(t, s, flatVol(0.2), 100)
	for i, n := range []float64{3, -1, 2} {
		if err := r.OnFill(i, n); err != nil {
			t.Fatal(err)
		}
	}
	r.Requote(100)
	near(t, "inventory", r.Inventory(0), 4, 0)
	near(t, "skew", r.Columns().Skew[4], 0.05*r.Columns().Vega[4]*1e-4*4, 1e-15)
	if ContractCount.String() != "contract count" || VegaWeighted.String() != "vega-weighted" {
		t.Error("names of the measures")
	}
}

// holed is a surface without volatility on one side.
type holed struct{ flatVol }

func (h holed) VolTo(dst, k []float64, t float64) {
	h.flatVol.VolTo(dst, k, t)
	for i, x := range k {
		if x > 0.1 {
			dst[i] = math.NaN()
		}
	}
}

func TestRequoterPullsWhatItCannotValue(t *testing.T) {
	s := board(3, 20)
	s.Sizer = Sizer{Max: 10}
	r := mustRequoter(t, s, flatVol(0.2), 100)
	c := r.Columns()
	for i := range c.Position {
		if err := r.OnFill(i, 1); err != nil {
			t.Fatal(err)
		}
	}
	r.Requote(100)
	skew := append([]float64(nil), c.Skew...)
	r.SetSurface(holed{0.2}, 100)
	pulled, seen := r.Requote(100), 0
	for i := range c.Bid {
		if !math.IsNaN(c.Vol[i]) {
			near(t, "skew of the others", c.Skew[i], skew[i], 1e-12)
			continue
		}
		seen++
		if q := r.Explain(i); c.Bid[i] != 0 || c.Ask[i] != 0 || c.Size[i] != 0 || c.Cut[i] != CutPulled || q.Cut != CutPulled {
			t.Errorf("series %d without volatility: %g x %g, %v", i, c.Bid[i], c.Ask[i], c.Cut[i])
		}
	}
	if seen == 0 || seen != pulled {
		t.Errorf("%d pulled, %d without volatility", pulled, seen)
	}
	for _, spot := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if pulled := r.Requote(spot); pulled != r.Len() {
			t.Errorf("spot %g: %d pulled of %d", spot, pulled, r.Len())
		}
	}
	r.SetSurface(flatVol(0.2), 100)
	if pulled := r.Requote(100); pulled != 0 {
		t.Errorf("%d pulled after the surface is whole again", pulled)
	}
}

func TestRequoterAtExpiry(t *testing.T) {
	s := board(2, 11)
	r := mustRequoter(t, s, flatVol(0.2), 100.1)
	x := s.Expiries[0]
	x.Tau, x.Carry, x.Discount = 0, 1, 1
	if err := r.SetExpiry(0, x); err != nil {
		t.Fatal(err)
	}
	if pulled := r.Requote(100.1); pulled != 0 {
		t.Errorf("%d pulled", pulled)
	}
	for i, o := range s.Series[:22] {
		near(t, "intrinsic", r.Columns().Theo[i], o.Right.Payoff(100.1, o.Strike), 1e-12)
	}
}

func TestRequoterRefuses(t *testing.T) {
	two, err := NewIndependentVolFactors(2, 0.01)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*RequoterSettings){
		"Series":                  func(s *RequoterSettings) { s.Series = nil },
		"Series[2].Expiry":        func(s *RequoterSettings) { s.Series[2].Expiry = 9 },
		"Series[12].Expiry":       func(s *RequoterSettings) { s.Series[12].Expiry = 0 },
		"Series[1].Right":         func(s *RequoterSettings) { s.Series[1].Right = 0 },
		"Series[1].Strike":        func(s *RequoterSettings) { s.Series[1].Strike = math.NaN() },
		"Series[1].Multiplier":    func(s *RequoterSettings) { s.Series[1].Multiplier = -1 },
		"Expiries[1] E1: Tau":     func(s *RequoterSettings) { s.Expiries[1].Tau = -1 },
		"Expiries[1] E1: Carry":   func(s *RequoterSettings) { s.Expiries[1].Carry = 0 },
		"Expiries[1] E1: RealVol": func(s *RequoterSettings) { s.Expiries[1].RealVol = math.NaN() },
		"Factors":                 func(s *RequoterSettings) { s.Factors = two },
		"Dynamics":                func(s *RequoterSettings) { s.Dynamics = 7 },
		"GammaInv":                func(s *RequoterSettings) { s.Desk.GammaInv = -0.05 },
		"Measure":                 func(s *RequoterSettings) { s.Desk.Measure = 7 },
		"Ticks":                   func(s *RequoterSettings) { s.Rules.Ticks = TickTable{} },
		"MinEdge":                 func(s *RequoterSettings) { s.Rules.MinEdge = math.NaN() },
		"Max":                     func(s *RequoterSettings) { s.Sizer.Max = -1 },
	} {
		s := board(3, 5)
		s.Series = append(s.Series[:20:20], s.Series[20:]...)
		change(&s)
		_, err := NewRequoter(s, flatVol(0.2), 100)
		var arg *fault.ArgError
		if !errors.As(err, &arg) || arg.Arg != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := mustRequoter(t, board(1, 2), flatVol(0.2), 100)
	if _, err := NewRequoter(board(1, 2), nil, 100); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("no surface: %v", err)
	}
	if _, err := NewRequoter(board(1, 2), flatVol(0.2), 0); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("no spot: %v", err)
	}
	for _, err := range []error{
		r.OnFill(99, 1), r.OnFill(0, math.NaN()), r.SetExpiry(5, Expiry{}), r.SetExpiry(0, Expiry{Tau: -1}),
	} {
		if !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%v, want ErrDomain", err)
		}
	}
}

func TestRequoteAllocatesNothing(t *testing.T) {
	s := board(5, 20)
	s.Sizer = Sizer{Max: 10, Vega: 100}
	r := mustRequoter(t, s, fitted(t, s.Expiries), 100)
	spot := 100.0
	if n := testing.AllocsPerRun(20, func() {
		spot += 0.01
		r.Requote(spot)
		if r.OnFill(7, 1) != nil {
			t.Error("fill refused")
		}
		r.SetMarket(7, 1, 1.1)
		r.Reskew()
		if q := r.Explain(7); q.Ask == 0 {
			t.Error("no quote")
		}
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

// A tick of the spot to quotes of 6,000 series: 30 expiries of 100 strikes and both rights on an eSSVI surface, ten
// volatility factors, sizes, post-only rules, and a position in most series.
func BenchmarkRequote(b *testing.B) {
	s := board(30, 100)
	tau, vol := make([]float64, 30), make([]float64, 30)
	for e, x := range s.Expiries {
		tau[e], vol[e] = x.Tau, 0.02
	}
	factors, err := NewDecayVolFactors(tau, vol, 1)
	if err != nil {
		b.Fatal(err)
	}
	if s.Factors, err = factors.WithRank(10); err != nil {
		b.Fatal(err)
	}
	s.Rules.MinEdge, s.Rules.PostOnly = 0.02, true
	s.Sizer = Sizer{Max: 100, Delta: 500, Vega: 1e4}
	vols := fitted(b, s.Expiries)
	for _, dynamics := range []Dynamics{StickyMoneyness, StickyStrike} {
		b.Run(dynamics.String(), func(b *testing.B) {
			s.Dynamics = dynamics
			r := mustRequoter(b, s, vols, 100)
			for i := range r.Len() {
				if err := r.OnFill(i, float64(i%7-3)); err != nil {
					b.Fatal(err)
				}
			}
			tick := 0
			b.ReportAllocs()
			for b.Loop() {
				tick++
				r.Requote(100 + 0.01*float64(tick&15))
			}
			b.ReportMetric(float64(r.Len())*float64(b.N)/b.Elapsed().Seconds(), "options/s")
		})
	}
	b.Run("after a fill", func(b *testing.B) {
		r := mustRequoter(b, s, vols, 100)
		b.ReportAllocs()
		for b.Loop() {
			if err := r.OnFill(1234, 1); err != nil {
				b.Fatal(err)
			}
			r.Reskew()
		}
		b.ReportMetric(float64(r.Len())*float64(b.N)/b.Elapsed().Seconds(), "options/s")
	})
}
