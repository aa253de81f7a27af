package surface

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing/model"
)

// SABRSmile is one smile of model.SABR by log-moneyness. It is an expansion, and not free of butterfly arbitrage: low strikes of
// long expiries show it. See [CheckArbitrage].
type SABRSmile struct {
	Model model.SABR
	Tau   float64 // years, > 0
}

// Validate checks model and expiry.
func (s SABRSmile) Validate() error {
	return fault.First(s.Model.Validate(), fault.Positive("surface.SABRSmile", "Tau", s.Tau))
}

// Vol returns the Black volatility at log-moneyness k = ln(K/F); NaN where the expansion has none.
func (s SABRSmile) Vol(k float64) float64 {
	return s.Model.Volatility(s.Model.Forward(s.Tau)*math.Exp(k), s.Tau)
}

// TotalVariance returns w(k).
func (s SABRSmile) TotalVariance(k float64) float64 {
	v := s.Vol(k)
	return v * v * s.Tau
}
