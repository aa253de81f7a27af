package surface

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/internal/special"
)

// references points the cases at the folder beside the repository, if they are not carried and it is there.
func references(t *testing.T, topic string) {
	t.Helper()
	if _, err := golden.Load(topic); err == nil {
		return
	}
	dir, err := filepath.Abs("../../shared/golden")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, topic+".json")); err != nil {
		t.Skipf("no cases of %s", topic)
	}
	t.Setenv(golden.Env, dir)
}

func TestGoldenVIX(t *testing.T) {
	references(t, "papers/vix_whitepaper")
	golden.Run(t, "papers/vix_whitepaper", func(t *testing.T, c golden.Case) {
		if c.Has("var1") {
			got, err := VIX(
				VIXTerm{Tau: c.Float(t, "T1"), Variance: c.Float(t, "var1")}, VIXTerm{Tau: c.Float(t, "T2"), Variance: c.Float(t, "var2")},
				VIXMinutes{c.Float(t, "N1_minutes"), c.Float(t, "N2_minutes"), c.Float(t, "N30"), c.Float(t, "N365")})
			if err != nil {
				t.Fatal(err)
			}
			c.Check(t, "vix", got)
			if math.Abs(got-13.685821) > 5e-6 {
				t.Errorf("published 13.685821, got %.6f", got)
			}
			return
		}
		var quotes []struct {
			Strike  float64 `json:"strike"`
			CallBid float64 `json:"call_bid"`
			CallAsk float64 `json:"call_ask"`
			PutBid  float64 `json:"put_bid"`
			PutAsk  float64 `json:"put_ask"`
		}
		c.Input(t, "quotes", &quotes)
		s := VIXStrip{Tau: c.Float(t, "T_years"), Rate: c.Float(t, "rate_cc")}
		for _, q := range quotes {
			s.Strike = append(s.Strike, q.Strike)
			s.CallBid, s.CallAsk = append(s.CallBid, q.CallBid), append(s.CallAsk, q.CallAsk)
			s.PutBid, s.PutAsk = append(s.PutBid, q.PutBid), append(s.PutAsk, q.PutAsk)
		}
		r, err := s.Term()
		if err != nil {
			t.Fatal(err)
		}
		c.Check(t, "F", r.Forward)
		c.Check(t, "K0", r.K0)
		c.Check(t, "variance", r.Variance)
		c.Check(t, "n_strikes", float64(r.Strikes))
		c.Check(t, "k_min", r.Low)
		c.Check(t, "k_max", r.High)
		if math.Abs(r.Variance-0.01846292) > 1e-8 || math.Abs(r.Forward-1962.89996) > 1e-4 {
			t.Errorf("published: forward 1962.89996, variance 0.01846292; got %.5f, %.8f", r.Forward, r.Variance)
		}
		s.PutBid[3] = math.NaN()
		if _, err := s.Term(); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("a bid of NaN: %v", err)
		}
	})
}

func TestGoldenVarianceStrike(t *testing.T) {
	references(t, "variance_swap")
	golden.Run(t, "variance_swap", func(t *testing.T, c golden.Case) {
		tau := c.Float(t, "t")
		s := VarianceStrip{Tau: tau, EndStep: c.Float(t, "strike_step")}
		s.Forward = c.Float(t, "spot") * math.Exp((c.Float(t, "rate")-c.Float(t, "dividend_yield"))*tau)
		c.Input(t, "put_strikes", &s.PutStrike)
		c.Input(t, "put_vols", &s.PutVol)
		c.Input(t, "call_strikes", &s.CallStrike)
		c.Input(t, "call_vols", &s.CallVol)
		got, err := s.Strike()
		if err != nil {
			t.Fatal(err)
		}
		// The reference values the forward in the log payoff without the dividend yield, and the options with it, so that with
		// dividends it does not tend to the continuum as strikes get dense. Its value less that difference is ours.
		grown := c.Float(t, "spot") * math.Exp(c.Float(t, "rate")*tau) / s.CallStrike[0]
		ratio := s.Forward / s.CallStrike[0]
		c.Check(t, "fair_variance_discrete", got+2/tau*(math.Log(grown)-grown-math.Log(ratio)+ratio))
		if !c.Wants("fair_variance_continuum") {
			return
		}
		var x struct{ A, B, Rho, M, Sigma float64 }
		c.Input(t, "svi_total_variance", &x)
		smile := SVI(x)
		got, err = VarianceStrike(smile, tau)
		if err != nil {
			t.Fatal(err)
		}
		c.Check(t, "fair_variance_continuum", got)
		// The same from the density, as −2E[x]/t.
		m, err := ImpliedMoments(smile)
		if err != nil || math.Abs(-2*m.Mean/tau-got) > 1e-12 {
			t.Errorf("from the mean %g, %v", -2*m.Mean/tau, err)
		}
	})
}

// With dense strikes the discrete strip tends to the continuum, dividends or not.
func TestDiscreteVarianceStrikeConverges(t *testing.T) {
	smile := SVI{A: 0.01956, B: 0.07576, Rho: -0.357, M: 0.0194, Sigma: 0.2822}
	const tau = 2.0
	want, err := VarianceStrike(smile, tau)
	if err != nil {
		t.Fatal(err)
	}
	for _, forward := range []float64{100, 107.9, 93} {
		last := math.Inf(1)
		for _, step := range []float64{2, 1, 0.5} {
			s := VarianceStrip{Tau: tau, Forward: forward, EndStep: step}
			for k := step * 2; k <= 100; k += step {
				s.PutStrike, s.PutVol = append(s.PutStrike, k), append(s.PutVol, smile.Vol(math.Log(k/forward), tau))
			}
			for k := 100.0; k <= 1500; k += step {
				s.CallStrike, s.CallVol = append(s.CallStrike, k), append(s.CallVol, smile.Vol(math.Log(k/forward), tau))
			}
			got, err := s.Strike()
			if err != nil {
				t.Fatal(err)
			}
			if e := math.Abs(got - want); !(e < 0.4*last) || e > 2e-5*step*step {
				t.Errorf("forward %g, step %g: %.8f against %.8f", forward, step, got, want)
			} else {
				last = e
			}
		}
	}
}

func TestVarianceStrikeOfFlatSmile(t *testing.T) {
	for _, vol := range []float64{0.01, 0.2, 1.5} {
		c := SVI{A: vol * vol * 0.7, Sigma: 1}
		v, err := VarianceStrike(c, 0.7)
		if err != nil || math.Abs(v/(vol*vol)-1) > 1e-11 {
			t.Errorf("volatility %g: %.15g, %v", vol, v, err)
		}
		m, err := ImpliedMoments(c)
		w := vol * vol * 0.7
		if err != nil || math.Abs(m.Mean/(-0.5*w)-1) > 1e-10 || math.Abs(m.Variance/w-1) > 1e-9 || math.Abs(m.Skewness) > 1e-7 || math.Abs(m.Kurtosis-3) > 1e-6 {
			t.Errorf("moments %+v, %v", m, err)
		}
		for _, x := range []float64{-2, -0.3, 0, 1.7} {
			k := -0.5*w + x*math.Sqrt(w)
			if p := ProbabilityBelow(c, k); math.Abs(p-special.NormCDF(x)) > 1e-14 {
				t.Errorf("probability %g", p)
			}
		}
	}
}

// Density, probability and moments of a skewed smile are of one law.
func TestDensityIsALaw(t *testing.T) {
	c := SVI{A: 0.0070, B: 0.070, Rho: -0.40, M: 0.035, Sigma: 0.140}
	m, err := ImpliedMoments(c)
	if err != nil {
		t.Fatal(err)
	}
	var mass, forward, mean, second, third, fourth float64
	const h = 1e-3
	for k := -14.0; k < 8; k += h {
		p := Density(c, k) * h
		mass += p
		forward += p * math.Exp(k)
		x := k - m.Mean
		mean += p * k
		second += p * x * x
		third += p * x * x * x
		fourth += p * x * x * x * x
	}
	sd := math.Sqrt(m.Variance)
	for name, d := range map[string]float64{
		"mass": mass - 1, "forward": forward - 1, "mean": mean - m.Mean, "variance": second - m.Variance,
		"skewness": third/(sd*sd*sd) - m.Skewness, "kurtosis": fourth/(sd*sd*sd*sd) - m.Kurtosis,
	} {
		if math.Abs(d) > 1e-6 {
			t.Errorf("%s is off by %g", name, d)
		}
	}
	for _, k := range []float64{-0.5, -0.1, 0, 0.2} {
		if d := (ProbabilityBelow(c, k+1e-4)-ProbabilityBelow(c, k-1e-4))/2e-4 - Density(c, k); math.Abs(d) > 1e-6 {
			t.Errorf("at %g density and probability differ by %g", k, d)
		}
	}
}
