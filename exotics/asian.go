package exotics

import (
	"math"

	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
)

// Asian is an option on the average of the asset's prices at given dates, paid at the last of them.
// With a fixed strike it pays (φ(A−Strike))⁺, with a floating one (φ(S−A))⁺, A the average and S the last price.
type Asian pricing.Average

var (
	_ pricing.PathDependent = Asian{}
	_ pricing.Averaging     = Asian{}
)

// Validate checks the right, the strike and the dates.
func (a Asian) Validate() error { return pricing.Average(a).Validate() }

// Assets returns 1.
func (a Asian) Assets() int { return 1 }

// Observations returns the fixing dates.
func (a Asian) Observations() []float64 { return a.Dates }

// Average returns the terms.
func (a Asian) Average() pricing.Average { return pricing.Average(a) }

// PresentValueTo writes the discounted payoff of each path to dst.
func (a Asian) PresentValueTo(dst []float64, p *pricing.Paths) {
	n := len(a.Dates)
	clear(dst)
	if a.Geometric {
		logs := p.Scratch[0][:len(dst)]
		for i := range n {
			vec.Log(logs, p.At(i, 0))
			for j, l := range logs {
				dst[j] += l
			}
		}
		for j := range dst {
			dst[j] /= float64(n)
		}
		vec.Exp(dst, dst)
	} else {
		for i := range n {
			for j, s := range p.At(i, 0) {
				dst[j] += s
			}
		}
		for j := range dst {
			dst[j] /= float64(n)
		}
	}
	sign := a.Right.Sign()
	if a.Floating {
		for j, s := range p.At(n-1, 0) {
			dst[j] = math.Max(sign*(s-dst[j]), 0)
		}
	} else {
		a.Right.PayoffTo(dst, dst, a.Strike)
	}
	p.DiscountTo(dst, n-1)
}
