package mm

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/golden"
)

func TestGoldenMarketMaking(t *testing.T) {
	golden.Run(t, "papers/market_making", func(t *testing.T, c golden.Case) {
		switch {
		case c.Has("strategy"):
			if testing.Short() {
				t.Skip("a simulation of 4 million steps")
			}
			checkSimulation(t, c)
		case c.Has("time_left"):
			m := AvellanedaStoikov{Gamma: c.Float(t, "gamma"), K: c.Float(t, "k"), Sigma: c.Float(t, "sigma")}
			s := QuoteState{Mid: c.Float(t, "mid"), Inventory: c.Float(t, "inventory"), TimeLeft: c.Float(t, "time_left")}
			d := m.Distances(s)
			c.Check(t, "reservation", m.Reservation(s))
			c.Check(t, "total_spread", m.Spread(s.TimeLeft))
			c.Check(t, "bid", s.Mid-d.Bid)
			c.Check(t, "ask", s.Mid+d.Ask)
		case c.Has("Q"):
			checkGLFT(t, c)
		default:
			t.Fatalf("no check for %s", c.ID)
		}
	})
}

func checkGLFT(t *testing.T, c golden.Case) {
	m := GLFT{Gamma: c.Float(t, "gamma"), K: c.Float(t, "k"), A: c.Float(t, "A"), Sigma: c.Float(t, "sigma")}
	lots, q := int(c.Float(t, "Q")), c.Float(t, "inventory")
	finite, err := m.Finite(lots, c.Float(t, "T")-c.Float(t, "time"))
	if err != nil {
		t.Fatal(err)
	}
	stationary, err := m.Stationary(lots)
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]float64{
		"bid_distance":            finite.Distances(q).Bid,
		"ask_distance":            finite.Distances(q).Ask,
		"bid_distance_asymptotic": stationary.Distances(q).Bid,
		"ask_distance_asymptotic": stationary.Distances(q).Ask,
		"bid_closed_form_approx":  m.Asymptotic(q).Bid,
		"ask_closed_form_approx":  m.Asymptotic(q).Ask,
	} {
		if c.Wants(name) {
			c.Check(t, name, got)
		} else if !math.IsInf(got, 1) {
			t.Errorf("%s = %g, want no quote at the bound", name, got)
		}
	}
}

// checkSimulation plays the market of Avellaneda and Stoikov's section 3.3: at each step the mid moves by ±σ√dt and each
// quote is filled with probability min(1, A·exp(−k·δ)·dt).
func checkSimulation(t *testing.T, c golden.Case) {
	m := AvellanedaStoikov{Gamma: c.Float(t, "gamma"), K: c.Float(t, "k"), Sigma: c.Float(t, "sigma")}
	horizon, dt, intensity := c.Float(t, "T"), c.Float(t, "dt"), c.Float(t, "A")
	steps := int(math.Round(horizon / dt))
	average := 0.0
	for i := range steps {
		average += m.Spread(horizon-float64(i)*dt) / float64(steps)
	}
	var want float64
	c.Expected(t, "average_spread", &want)
	near(t, "average spread", average, want, 1e-12)

	inventory := c.Text(t, "strategy") == "inventory"
	const paths = 20_000
	rng := rand.New(rand.NewPCG(20081, 3))
	var profit, square, final, finalSquare float64
	for range paths {
		mid, q, cash := c.Float(t, "S0"), 0.0, 0.0
		for i := range steps {
			d := Distances{Bid: average / 2, Ask: average / 2}
			if inventory {
				d = m.Distances(QuoteState{Mid: mid, Inventory: q, TimeLeft: horizon - float64(i)*dt})
			}
			bid, ask := rng.Float64() < intensity*math.Exp(-m.K*d.Bid)*dt, rng.Float64() < intensity*math.Exp(-m.K*d.Ask)*dt
			if bid {
				q++
				cash -= mid - d.Bid
			}
			if ask {
				q--
				cash += mid + d.Ask
			}
			mid += m.Sigma * math.Sqrt(dt) * (2*float64(rng.IntN(2)) - 1)
		}
		w := cash + q*mid
		profit, square, final, finalSquare = profit+w, square+w*w, final+q, finalSquare+q*q
	}
	mean, meanQ := profit/paths, final/paths
	std, stdQ := math.Sqrt(square/paths-mean*mean), math.Sqrt(finalSquare/paths-meanQ*meanQ)
	// The reference states 0.3 of the mean profit and 2% of the deviations: three or more of this sample's errors.
	c.Expected(t, "mean_profit", &want)
	near(t, "mean profit", mean, want, 0.3)
	c.Expected(t, "std_profit", &want)
	near(t, "deviation of profit", std, want, 0.02*want)
	c.Expected(t, "std_final_q", &want)
	near(t, "deviation of final inventory", stdQ, want, 0.02*want)
}

func TestAvellanedaStoikov(t *testing.T) {
	m := AvellanedaStoikov{Gamma: 0.1, K: 1.5, Sigma: 2}
	d := m.Distances(QuoteState{Mid: 100, Inventory: 3, TimeLeft: 1})
	near(t, "bid, 3 long", 100-d.Bid, 97.9546147886, 5e-11)
	near(t, "ask, 3 long", 100+d.Ask, 99.6453852114, 5e-11)

	// The removable singularity at γ = 0: 1/k on each side.
	for _, gamma := range []float64{0, 1e-300, 1e-12} {
		m.Gamma = gamma
		near(t, "half-width without risk aversion", m.Distances(QuoteState{Inventory: 1, TimeLeft: 1}).Half(), 1/1.5, 3e-12)
	}
	for _, bad := range []AvellanedaStoikov{{Gamma: -1, K: 1, Sigma: 1}, {K: 0, Sigma: 1}, {K: 1, Sigma: math.NaN()}} {
		if err := bad.Validate(); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%+v was accepted: %v", bad, err)
		}
	}
}

func TestGLFTPublishedSmallCases(t *testing.T) {
	m := GLFT{Gamma: 0.01, K: 1.5, A: 140, Sigma: 2}
	exact, err := m.Stationary(30)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"closed form, flat, bid", m.Asymptotic(0).Bid, 0.6725125976},
		{"closed form, flat, ask", m.Asymptotic(0).Ask, 0.6725125976},
		{"closed form, 3 long, bid", m.Asymptotic(3).Bid, 0.7208625518},
		{"closed form, 3 long, ask", m.Asymptotic(3).Ask, 0.6241626434},
		{"exact, flat, bid", exact.Distances(0).Bid, 0.6725493529},
		{"exact, 3 long, bid", exact.Distances(3).Bid, 0.7211029507},
		{"exact, 3 long, ask", exact.Distances(3).Ask, 0.6239849007},
	} {
		near(t, c.name, c.got, c.want, 5e-11)
	}
}

// One lot either way is solved by hand: with a = α and b = −β the matrix [[a−b,−η,0],[−η,0,−η],[0,−η,a+b]] without drift
// has the ground state (1, x, 1) with x = (a+√(a²+8η²))/(2η).
func TestGLFTOneLotByHand(t *testing.T) {
	m := GLFT{Gamma: 0.3, K: 1.2, A: 5, Sigma: 1.5}
	q, err := m.Stationary(1)
	if err != nil {
		t.Fatal(err)
	}
	a := 1.2 / 2 * 0.3 * 1.5 * 1.5
	eta := 5 * math.Pow(1+0.3/1.2, -(1+1.2/0.3))
	x := (a + math.Sqrt(a*a+8*eta*eta)) / (2 * eta)
	c1 := math.Log(1+0.3/1.2) / 0.3
	near(t, "flat bid", q.Distances(0).Bid, math.Log(x)/1.2+c1, 1e-14)
	near(t, "long ask", q.Distances(1).Ask, -math.Log(x)/1.2+c1, 1e-14)
	if d := q.Distances(1); !math.IsInf(d.Bid, 1) {
		t.Errorf("a bid at the bound: %v", d)
	}
	if d := q.Distances(-7); !math.IsInf(d.Ask, 1) || q.Lots() != 1 {
		t.Errorf("an offer beyond the bound: %v", d)
	}
	if d := q.Distances(math.NaN()); !math.IsNaN(d.Bid) {
		t.Errorf("NaN inventory gives %v", d)
	}
}

// Every extension must move the closed form as it moves the exact solution, far from the bounds and in the regime where
// the closed form is good (small c2·K).
func TestGLFTExtensionsAgree(t *testing.T) {
	for name, m := range map[string]GLFT{
		"plain":         {Gamma: 0.001, K: 1.5, A: 140, Sigma: 2},
		"drift":         {Gamma: 0.001, K: 1.5, A: 140, Sigma: 2, Drift: 0.01},
		"order size":    {Gamma: 0.001, K: 1.5, A: 140, Sigma: 2, OrderSize: 2.5},
		"jump":          {Gamma: 0.001, K: 1.5, A: 140, Sigma: 2, Jump: 0.1},
		"own xi":        {Gamma: 0.001, K: 1.5, A: 140, Sigma: 2, Xi: 0.4},
		"neutral fills": {Gamma: 0.001, K: 1.5, A: 140, Sigma: 2, NeutralFills: true},
		"all":           {Gamma: 0.001, K: 1.5, A: 140, Sigma: 2, Drift: -0.01, OrderSize: 0.5, Jump: 0.2, Xi: 0.1},
	} {
		exact, err := m.Stationary(60)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []float64{-4, 0, 3} {
			q := n * m.size()
			got, want := m.Asymptotic(q), exact.Distances(q)
			near(t, name+": bid", got.Bid, want.Bid, 3e-4)
			near(t, name+": ask", got.Ask, want.Ask, 3e-4)
		}
	}
	// ξ → 0 is the limit that NeutralFills takes.
	a, b := GLFT{Gamma: 0.01, K: 1.5, A: 140, Sigma: 2, Xi: 1e-10}, GLFT{Gamma: 0.01, K: 1.5, A: 140, Sigma: 2, NeutralFills: true}
	near(t, "neutral limit", a.Asymptotic(2).Bid, b.Asymptotic(2).Bid, 1e-10)
	c2 := math.Sqrt(0.01 * 4 / (2 * 140 * 1.5) * math.E)
	near(t, "neutral by hand", b.Asymptotic(2).Bid, 1/1.5+2.5*c2, 1e-14)
}

// Drift shifts the inventory that the quotes are centred on by Drift/(γσ²), exactly if that is a whole number of lots.
func TestGLFTDriftShiftsInventory(t *testing.T) {
	still := GLFT{Gamma: 0.05, K: 1, A: 2, Sigma: 1}
	moving := still
	moving.Drift = 2 * 0.05
	a, err := still.Stationary(60)
	if err != nil {
		t.Fatal(err)
	}
	b, err := moving.Stationary(60)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []float64{-3, 0, 5} {
		near(t, "bid", b.Distances(q).Bid, a.Distances(q-2).Bid, 1e-12)
		near(t, "ask", b.Distances(q).Ask, a.Distances(q-2).Ask, 1e-12)
	}
}

func TestGLFTFiniteLimits(t *testing.T) {
	m := GLFT{Gamma: 0.1, K: 1.5, A: 140, Sigma: 2}
	end, err := m.Finite(6, 0)
	if err != nil {
		t.Fatal(err)
	}
	c1 := math.Log(1+0.1/1.5) / 0.1
	near(t, "at the horizon", end.Distances(3).Bid, c1, 1e-15)
	far, err := m.Finite(6, 1e6)
	if err != nil {
		t.Fatal(err)
	}
	stationary, err := m.Stationary(6)
	if err != nil {
		t.Fatal(err)
	}
	for n := -5.0; n <= 5; n++ {
		near(t, "far from the horizon, bid", far.Distances(n).Bid, stationary.Distances(n).Bid, 1e-12)
		near(t, "far from the horizon, ask", far.Distances(n).Ask, stationary.Distances(n).Ask, 1e-12)
	}
	// With jumps a position at the horizon is worth its mark: c1 + Jump/2 + Jump·(2q+1)/2 = c1 + Jump·(q+1), the loss of
	// the whole new position to the jump.
	m.Jump = 0.02
	if end, err = m.Finite(6, 0); err != nil {
		t.Fatal(err)
	}
	near(t, "jump at the horizon", end.Distances(3).Bid, c1+0.02*4, 1e-14)
}

func TestGLFTRefuses(t *testing.T) {
	good := GLFT{Gamma: 0.1, K: 1, A: 1, Sigma: 1}
	for name, change := range map[string]func(*GLFT){
		"Gamma":     func(m *GLFT) { m.Gamma = -0.1 },
		"K":         func(m *GLFT) { m.K = 0 },
		"A":         func(m *GLFT) { m.A = math.Inf(1) },
		"Sigma":     func(m *GLFT) { m.Sigma = math.NaN() },
		"Drift":     func(m *GLFT) { m.Drift = math.NaN() },
		"OrderSize": func(m *GLFT) { m.OrderSize = -1 },
		"Jump":      func(m *GLFT) { m.Jump = -1 },
		"Xi":        func(m *GLFT) { m.Xi = -1 },
	} {
		m := good
		change(&m)
		_, err := m.Stationary(3)
		var arg *fault.ArgError
		if !errors.As(err, &arg) || arg.Arg != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := good.Stationary(0); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("no lots: %v", err)
	}
	if _, err := good.Finite(3, -1); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("negative time: %v", err)
	}
}
