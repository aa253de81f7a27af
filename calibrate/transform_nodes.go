package calibrate

import (
	"context"
	"fmt"
	"math"
	"math/cmplx"

	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
)

// The nodes that a fit starts with, and the most that it goes to.
const (
	firstNodeStep = 0.16
	firstReach    = 40.0
	nodeScale     = 2.0 // c times the total volatility
	mostNodes     = 4096
	lanes         = 32 // of vec.Dot
)

// lay places the nodes of an expiry: u = c·sinh(y) at y = 0, h, 2h, ..., and finds base and matrix of
//
//	price_k = base_k − Σ_j Re φ(u_j − i/2)·M_kj + Im φ(u_j − i/2)·M'_kj,
//
// where with g = √(K/F)/π·h·(du/dy)/(u² + 1/4) the coefficients are g·cos(uk) and g·sin(uk), and the base is a Black price
// plus the same sum over its characteristic function. The poles of g at u = ±i/2 are zeros of the difference of two laws with
// the same forward.
func (f *transformFit) lay(s *expirySlice) {
	c := nodeScale / s.width
	n := int(math.Asinh(s.reach/nodeScale)/s.h) + 2
	quotes, params := s.to-s.from, len(f.names)
	s.u, s.phi = make([]complex128, n), make([]complex128, n)
	s.grad = make([][]complex128, params)
	columns := make([]complex128, n*params)
	for j := range s.grad {
		s.grad[j] = columns[j*n : (j+1)*n]
	}
	s.stride = (2*n + lanes - 1) / lanes * lanes
	buf := make([]float64, s.stride*(quotes+1)+quotes+4*n)
	s.matrix, buf = buf[:s.stride*quotes], buf[s.stride*quotes:]
	s.base, buf = buf[:quotes], buf[quotes:]
	s.column, buf = buf[:s.stride], buf[s.stride:]
	weight, black0, angle, sin := buf[:n], buf[n:2*n], buf[2*n:3*n], buf[3*n:]
	for j := range n {
		e := math.Exp(float64(j) * s.h)
		u := 0.5 * c * (e - 1/e)
		s.u[j] = complex(u, -0.5)
		weight[j] = s.h * 0.5 * c * (e + 1/e) / (u*u + 0.25) / math.Pi
		black0[j] = -0.5 * s.width * s.width * (u*u + 0.25)
	}
	weight[0] *= 0.5
	vec.Exp(black0, black0)
	for q := range quotes {
		at := s.from + q
		k, strike := f.k[at], f.strike[at]
		for j, u := range s.u {
			angle[j] = real(u) * k
		}
		row := s.row(q)
		cos := row[:n]
		vec.Sincos(sin, cos, angle)
		root := math.Sqrt(strike)
		for j, w := range weight {
			w *= root
			cos[j] *= w
			row[n+j] = w * sin[j]
		}
		s.base[q] = vec.Dot(cos, black0) +
			black.Black76{Right: f.right[at], Forward: 1, Strike: strike, Vol: s.width, Tau: 1, Discount: 1}.Price()
	}
}

// row returns the coefficients of a quote.
func (s *expirySlice) row(q int) []float64 { return s.matrix[s.stride*q : s.stride*(q+1)] }

// priceSlice writes the prices of an expiry, and their derivatives by the parameters if they are asked for.
func (f *transformFit) priceSlice(s *expirySlice, m model.CharGradient, slopes bool) {
	params, n := len(f.names), len(s.u)
	if !slopes {
		m.CharFuncTo(s.phi, s.u, s.expiry)
	} else {
		m.CharGradientTo(s.phi, s.grad, s.u, s.expiry)
	}
	split := func(column []complex128) {
		re, im := s.column[:n], s.column[n:2*n]
		for j, v := range column {
			re[j], im[j] = real(v), imag(v)
		}
	}
	split(s.phi)
	for q, base := range s.base {
		f.fitted[s.from+q] = base - vec.Dot(s.row(q), s.column)
	}
	if !slopes {
		return
	}
	for p, column := range s.grad {
		split(column)
		for q := range s.base {
			f.slopes[(s.from+q)*params+p] = -vec.Dot(s.row(q), s.column)
		}
	}
}

// sharpen chooses the nodes for the last steps of a fit from what halving the step changes now: the error of the rule falls like
// e^(−D/h).
func (f *transformFit) sharpen(m model.CharGradient) {
	aim := 0.1 * f.tol
	before := make([]float64, f.n)
	for _, s := range f.slices {
		f.priceSlice(s, m, false)
		copy(before[s.from:s.to], f.fitted[s.from:s.to])
		h := s.h
		f.extend(s, m)
		s.h *= 0.5
		f.lay(s)
		f.priceSlice(s, m, false)
		worst := 0.0
		for at := s.from; at < s.to; at++ {
			worst = math.Max(worst, math.Abs(f.fitted[at]-before[at])/f.allowance(at))
		}
		const safety = 0.8
		if worst < 0.5 {
			h *= math.Min(1, safety*math.Log(math.Max(worst, aim))/math.Log(aim))
		}
		if h = math.Max(h, 0.1*firstNodeStep); math.Abs(h-s.h) > 0.05*h {
			s.h = h
			f.lay(s)
		}
	}
}

// extend moves the last node to where φ is small enough.
func (f *transformFit) extend(s *expirySlice, m model.CharGradient) {
	for range 6 {
		u := complex(s.reach/s.width, -0.5)
		if cmplx.Abs(m.CharFunc(u, s.expiry)) <= 0.01*f.tol*s.reach {
			return
		}
		s.reach *= 3
	}
}

// refine compares the prices at the solution with those of Lewis's engine, and reports whether they agree. Expiries that
// do not get more nodes.
func (f *transformFit) refine(ctx context.Context, m model.CharGradient) (accurate bool, err error) {
	instruments, results := make([]pricing.Instrument, f.n), make([]pricing.Result, f.n)
	for at, i := range f.order {
		instruments[at] = pricing.Vanilla{Right: f.right[at], Strike: f.quotes.Strike[i], Expiry: f.tau[at]}
	}
	if err := (fourier.Lewis{ValueOnly: true}).PriceStrip(ctx, results, instruments, m); err != nil {
		return false, fmt.Errorf("%s: prices at the solution: %w", f.fn, err)
	}
	accurate = true
	for _, s := range f.slices {
		f.priceSlice(s, m, false)
		worst := f.disagreement(s, results)
		if worst <= f.tol {
			continue
		}
		// The engine's own estimate of its error may be the one that is wrong.
		if err := (fourier.Lewis{ValueOnly: true, Tol: 2e-14}).PriceStrip(ctx, results[s.from:s.to], instruments[s.from:s.to], m); err == nil {
			if worst = f.disagreement(s, results); worst <= f.tol {
				continue
			}
		}
		accurate = false
		if 3*len(s.u) > mostNodes {
			return false, fmt.Errorf("%s: %w", f.fn, &fourier.AccuracyError{Engine: "the quadrature of the fit", Expiry: s.expiry, Tol: f.tol, Reached: worst,
				Reason: "the characteristic function decays too slowly at the solution"})
		}
		f.extend(s, m)
		s.h *= 0.6
		f.lay(s)
	}
	return accurate, nil
}

// disagreement returns the largest difference of the prices of an expiry from those of another engine, over the forward and the
// allowance.
func (f *transformFit) disagreement(s *expirySlice, results []pricing.Result) float64 {
	worst := 0.0
	for at := s.from; at < s.to; at++ {
		worst = math.Max(worst, math.Abs(f.fitted[at]-results[at].Value/(s.forward*s.discount))/f.allowance(at))
	}
	return worst
}

// allowance is how much of the tolerance a quote may use: where volatilities are fitted, its vega over that at the money.
func (f *transformFit) allowance(at int) float64 {
	if f.settings.Target == Prices {
		return 1
	}
	return f.marketVega[at] / (atTheMoney * math.Sqrt(f.tau[at]))
}
