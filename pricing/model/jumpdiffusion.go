package model

import (
	"math"

	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/pricing"
)

// JumpDiffusion is the capability of models of one asset that follows a diffusion and is multiplied by e^J at the times of a Poisson
// process, the drift being compensated:
//
//	dS = (r − q − λE[e^J − 1])·S dt + b(S, t) dW + (e^J − 1)·S dN.
//
// Such a model is not a [Diffusion] itself, lest a method forget its jumps.
type JumpDiffusion interface {
	pricing.Model
	// Continuous returns the diffusion that the asset would follow without jumps, dS = (r − q)·S dt + b dW.
	Continuous() Diffusion
	// JumpIntensity returns λ, the number of jumps per year.
	JumpIntensity() float64
	// JumpExcess returns E[(y − J)⁺], whose second derivative is the density of J.
	JumpExcess(y float64) float64
}

var (
	_ JumpDiffusion = Merton{}
	_ JumpDiffusion = Kou{}
)

// JumpIntensity returns λ.
func (j Jumps) JumpIntensity() float64 { return j.Lambda }

// JumpExcess returns E[(y − J)⁺] for the normal J.
func (j Jumps) JumpExcess(y float64) float64 {
	d := y - j.MuJ
	if j.SigmaJ == 0 {
		return math.Max(d, 0)
	}
	z := d / j.SigmaJ
	return d*special.NormCDF(z) + j.SigmaJ*special.NormPDF(z)
}

// Continuous returns the model without its jumps.
func (m Merton) Continuous() Diffusion { return m.without(m.Sigma) }

// JumpIntensity returns λ.
func (m Kou) JumpIntensity() float64 { return m.Lambda }

// JumpExcess returns E[(y − J)⁺] for the double exponential J.
func (m Kou) JumpExcess(y float64) float64 {
	if y < 0 {
		return (1 - m.P) * math.Exp(m.Eta2*y) / m.Eta2
	}
	return (1-m.P)*(y+1/m.Eta2) + m.P*(y+math.Expm1(-m.Eta1*y)/m.Eta1)
}

// Continuous returns the model without its jumps.
func (m Kou) Continuous() Diffusion { return m.without(m.Sigma) }

// without is geometric Brownian motion in the market.
func (m Market) without(sigma float64) Diffusion {
	return BlackScholes{Spot: m.Spot, Discount: m.Discount, Carry: m.Carry, Vol: FlatVol(sigma)}
}
