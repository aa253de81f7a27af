package fd

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mathext"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// noncentral is the distribution function at x of the noncentral chi-squared law: Poisson weights of gamma laws.
func noncentral(x, degrees, lambda float64) float64 {
	sum := 0.0
	mid := int(0.5 * lambda)
	width := 40 + int(12*math.Sqrt(0.5*lambda+1))
	for j := max(0, mid-width); j <= mid+width; j++ {
		lg, _ := math.Lgamma(float64(j) + 1)
		sum += math.Exp(float64(j)*math.Log(0.5*lambda)-0.5*lambda-lg) * mathext.GammaIncReg(0.5*degrees+float64(j), 0.5*x)
	}
	return sum
}

// cevCall is the undiscounted call without carry for β < 1, Schroder (1989).
func cevCall(s, k, sigma, beta, t float64) float64 {
	nu := 0.5 / (1 - beta)
	c := 4 * nu * nu / (sigma * sigma * t)
	x, y := c*math.Pow(s, 1/nu), c*math.Pow(k, 1/nu)
	return s*(1-noncentral(y, 2*nu+2, x)) - k*noncentral(x, 2*nu, y)
}

func TestCEV(t *testing.T) {
	for _, beta := range []float64{0, 0.3, 0.5, 0.7, 0.9} {
		for _, vol := range []float64{0.2, 0.6} {
			m := model.CEV{Market: model.Market{Spot: 100}, Sigma: vol * math.Pow(100, 1-beta), Beta: beta}
			for _, strike := range []float64{60, 100, 150} {
				want := cevCall(100, strike, m.Sigma, beta, 2)
				got := priced(t, OneAsset{}, pricing.Vanilla{Right: pricing.Call, Strike: strike, Expiry: 2}, m).Value
				if math.Abs(got-want) > 1e-4 {
					t.Errorf("β %g, volatility %g, strike %g: %.8g, want %.8g", beta, vol, strike, got, want)
				}
				put := priced(t, OneAsset{}, pricing.Vanilla{Right: pricing.Put, Strike: strike, Expiry: 2}, m).Value
				if math.Abs(got-put-(100-strike)) > 1e-5 {
					t.Errorf("β %g, volatility %g, strike %g: call %.8g less put %.8g, want %g", beta, vol, strike, got, put, 100-strike)
				}
			}
		}
	}
}

// Bachelier's and the displaced model, with carry, against their formulas; prices below zero belong to the first.
func TestNormalAndDisplaced(t *testing.T) {
	market := model.Market{Spot: 20, Discount: curve.Flat(0.04), Carry: curve.Flat(0.01)}
	forward, d := market.Forward(1.5), market.DiscountFactor(1.5)
	for _, strike := range []float64{5, 20, 45} {
		for _, right := range []pricing.Right{pricing.Call, pricing.Put} {
			v := pricing.Vanilla{Right: right, Strike: strike, Expiry: 1.5}
			want := black.Bachelier{Right: right, Forward: forward, Strike: strike, Vol: 15, Tau: 1.5, Discount: d}.Price()
			got := priced(t, OneAsset{}, v, model.Bachelier{Market: market, Vol: model.FlatVol(15)}).Value
			if math.Abs(got-want) > 1e-5 {
				t.Errorf("normal, %v %g: %.8g, want %.8g", right, strike, got, want)
			}
			shift := 30.0
			move := market.Growth(1.5)
			want = black.Black76{Right: right, Forward: forward + shift*move, Strike: strike + shift*move, Vol: 0.25, Tau: 1.5, Discount: d}.Price()
			got = priced(t, OneAsset{}, v, model.Displaced{Market: market, Shift: shift, Vol: model.FlatVol(0.25)}).Value
			if math.Abs(got-want) > 1e-4 {
				t.Errorf("displaced, %v %g: %.8g, want %.8g", right, strike, got, want)
			}
		}
	}
}

// ssvi is the surface of the topic local_vol: total variance by log-moneyness and time.
type ssvi struct{ theta0, theta1, lambda, rho, eta, gamma float64 }

func (s ssvi) variance(k, t float64) float64 {
	theta := s.theta1*t + (s.theta0-s.theta1)*(-math.Expm1(-s.lambda*t))/s.lambda
	phi := s.eta / (math.Pow(theta, s.gamma) * math.Pow(1+theta, 1-s.gamma))
	z := phi*k + s.rho
	return 0.5 * theta * (1 + s.rho*phi*k + math.Sqrt(z*z+1-s.rho*s.rho))
}

// LocalVariance is Dupire's formula in log-moneyness (Gatheral 2006, eq. 1.10), its derivatives by central differences.
func (s ssvi) LocalVariance(k, t float64) float64 {
	const h = 1e-4
	dt := 1e-4 * t
	w := s.variance(k, t)
	wk := (s.variance(k+h, t) - s.variance(k-h, t)) / (2 * h)
	wkk := (s.variance(k+h, t) - 2*w + s.variance(k-h, t)) / (h * h)
	wt := (s.variance(k, t+dt) - s.variance(k, t-dt)) / (2 * dt)
	return wt / (1 - k*wk/w + 0.25*(-0.25-1/w+k*k/(w*w))*wk*wk + 0.5*wkk)
}

func readSSVI(t *testing.T, c golden.Case) (ssvi, model.LocalVol) {
	t.Helper()
	var p struct {
		Theta0, Theta1, Rho, Eta, Gamma float64
		Lambda                          float64 `json:"lambda_"`
	}
	c.Input(t, "ssvi", &p)
	s := ssvi{p.Theta0, p.Theta1, p.Lambda, p.Rho, p.Eta, p.Gamma}
	return s, model.LocalVol{Market: model.Market{Spot: c.Float(t, "spot"), Discount: curve.Flat(c.Float(t, "rate")),
		Carry: curve.Flat(c.Float(t, "dividend_yield"))}, Variance: s}
}

// A local volatility repriced returns the implied volatilities of its surface.
func TestGoldenLocalVolRepriced(t *testing.T) {
	worst := 0.0
	golden.Run(t, "local_vol", func(t *testing.T, c golden.Case) {
		if !c.Has("ssvi") {
			return
		}
		s, m := readSSVI(t, c)
		var points []struct {
			T, Strike float64
			LocalVol  float64 `json:"local_vol"`
			BlackVol  float64 `json:"black_vol"`
		}
		c.Expected(t, "points", &points)
		for _, p := range points {
			k := math.Log(p.Strike / m.Forward(p.T))
			if got := math.Sqrt(s.LocalVariance(k, p.T)); math.Abs(got-p.LocalVol) > 1e-5 {
				t.Fatalf("the local volatility at %g, %g is %.8g, want %.8g", p.Strike, p.T, got, p.LocalVol)
			}
			right := pricing.Call
			if k < 0 {
				right = pricing.Put
			}
			got := priced(t, OneAsset{}, pricing.Vanilla{Right: right, Strike: p.Strike, Expiry: p.T}, m)
			vol, err := black.ImpliedVol(black.Quote{Right: right, Price: got.Value, Forward: m.Forward(p.T), Strike: p.Strike, Tau: p.T,
				Discount: m.DiscountFactor(p.T)})
			off := math.Abs(vol - p.BlackVol)
			worst = math.Max(worst, off)
			if err != nil || off > 3e-4 {
				t.Errorf("strike %g, %g years: volatility %.6f, want %.6f, %v", p.Strike, p.T, vol, p.BlackVol, err)
			}
		}
	})
	t.Logf("worst error %.2g of volatility", worst)
}
