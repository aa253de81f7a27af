package surface

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// WingModel is one smile in the wing model of listed-option desks: volatility is a parabola in x = ln(K/F*) on either side of
// the centre, with curvatures of its own for puts and calls, carried on beyond a cut-off by a parabola that turns flat within
// the smoothing range, and flat from there on. F* = Forward^SSR·Reference^(1−SSR).
//
// At the centre volatility and slope move with the forward: vc = VolRef − VolChange·SSR·(Forward−Reference)/Reference, and the
// slope likewise. It is C1, and it is not free of butterfly arbitrage by construction: see [CheckArbitrage].
type WingModel struct {
	Tau       float64 // years, > 0
	Forward   float64 // of today, > 0
	Reference float64 // the forward at which VolRef and SlopeRef were set, > 0
	SSR       float64 // skew swimmingness: 1 moves the smile with the forward, 0 leaves it at its strikes; in [0, 1]

	VolRef, SlopeRef            float64 // volatility and slope by x at the centre
	PutCurvature, CallCurvature float64 // half the second derivative on the left and right
	VolChange, SlopeChange      float64 // change rates of volatility and slope with the forward

	DownCut, UpCut       float64 // cut-offs in x: DownCut < 0 < UpCut; 0 means −0.2 and 0.2
	DownSmooth, UpSmooth float64 // smoothing ranges as a part of the cut-off, > 0; 0 means 0.5
}

func (m WingModel) withDefaults() WingModel {
	m.DownCut, m.UpCut = orDefault(m.DownCut, -0.2), orDefault(m.UpCut, 0.2)
	m.DownSmooth, m.UpSmooth = orDefault(m.DownSmooth, 0.5), orDefault(m.UpSmooth, 0.5)
	return m
}

// Validate checks the ranges of the parameters, and that volatility is positive where it is least.
func (m WingModel) Validate() error {
	const fn = "surface.WingModel"
	m = m.withDefaults()
	err := fault.First(
		fault.Positive(fn, "Tau", m.Tau), fault.Positive(fn, "Forward", m.Forward), fault.Positive(fn, "Reference", m.Reference),
		fault.Between(fn, "SSR", m.SSR, 0, 1), fault.Finite(fn, "VolRef", m.VolRef), fault.Finite(fn, "SlopeRef", m.SlopeRef),
		fault.Finite(fn, "PutCurvature", m.PutCurvature), fault.Finite(fn, "CallCurvature", m.CallCurvature),
		fault.Finite(fn, "VolChange", m.VolChange), fault.Finite(fn, "SlopeChange", m.SlopeChange),
		fault.Finite(fn, "DownCut", m.DownCut), fault.Positive(fn, "UpCut", m.UpCut),
		fault.Positive(fn, "DownSmooth", m.DownSmooth), fault.Positive(fn, "UpSmooth", m.UpSmooth),
	)
	if err != nil {
		return err
	}
	if !(m.DownCut < 0) {
		return fault.Arg(fn, "DownCut", m.DownCut, "< 0")
	}
	low := math.Inf(1)
	const n = 400
	lo, hi := m.DownCut*(1+m.DownSmooth), m.UpCut*(1+m.UpSmooth)
	for i := range n + 1 {
		v, _, _ := m.at(lo + (hi-lo)*float64(i)/n)
		low = math.Min(low, v)
	}
	if !(low > 0) {
		return fault.Arg(fn, "the least volatility", low, "> 0")
	}
	return nil
}

// Center returns the volatility and the slope by x at the centre, with the forward where it is.
func (m WingModel) Center() (vol, slope float64) {
	moved := m.SSR * (m.Forward - m.Reference) / m.Reference
	return m.VolRef - m.VolChange*moved, m.SlopeRef - m.SlopeChange*moved
}

// at returns the volatility and its derivatives by x. Defaults are in place.
func (m WingModel) at(x float64) (v, v1, v2 float64) {
	vc, sc := m.Center()
	if x > 0 {
		return wingSide(x, vc, sc, m.CallCurvature, m.UpCut, m.UpSmooth)
	}
	v, v1, v2 = wingSide(-x, vc, -sc, m.PutCurvature, -m.DownCut, m.DownSmooth)
	return v, -v1, v2
}

// wingSide is the right side: a parabola up to the cut-off, one with slope zero at the end of the smoothing range, and a line.
func wingSide(x, vc, sc, curve, cut, smooth float64) (v, v1, v2 float64) {
	if x <= cut {
		return vc + x*(sc+curve*x), sc + 2*curve*x, 2 * curve
	}
	edge := sc + 2*curve*cut // slope at the cut-off, which falls linearly to zero
	width := cut * smooth
	y := math.Min(x-cut, width)
	v = vc + cut*(sc+curve*cut) + edge*y*(1-0.5*y/width)
	if x >= cut+width {
		return v, 0, 0
	}
	return v, edge * (1 - y/width), -edge / width
}

// shift returns x − k.
func (m WingModel) shift() float64 { return (1 - m.SSR) * math.Log(m.Forward/m.Reference) }

// Vol returns the volatility at log-moneyness k = ln(K/Forward).
func (m WingModel) Vol(k float64) float64 {
	v, _, _ := m.withDefaults().at(k + m.shift())
	return v
}

// TotalVariance returns w(k) for k = ln(K/Forward).
func (m WingModel) TotalVariance(k float64) float64 {
	v := m.Vol(k)
	return v * v * m.Tau
}

// Derivatives returns w(k), ∂w/∂k and ∂²w/∂k²; at the knots the second from the left.
func (m WingModel) Derivatives(k float64) (w, wk, wkk float64) {
	v, v1, v2 := m.withDefaults().at(k + m.shift())
	return v * v * m.Tau, 2 * v * v1 * m.Tau, 2 * (v1*v1 + v*v2) * m.Tau
}

// FitWing fits volatility, slope and both curvatures of the wing model to a smile by weighted linear least squares, with
// cut-offs and smoothing ranges as given, or at their defaults if zero. The reference is the forward.
func FitWing(s *Smile, shape WingModel, cfg FitSettings) (WingModel, error) {
	var f Fitter
	if cfg.MinQuotes == 0 {
		cfg.MinQuotes = 4
	}
	if err := cfg.validate(); err != nil {
		return WingModel{}, err
	}
	if err := f.load([]Smile{*s}, cfg); err != nil {
		return WingModel{}, err
	}
	m := shape.withDefaults()
	m.Tau, m.Forward, m.Reference = s.Tau, s.Forward, s.Forward
	m.VolRef, m.SlopeRef, m.PutCurvature, m.CallCurvature = 1, 0, 0, 0
	if !(m.Forward > 0) {
		m.Forward, m.Reference = 1, 1
	}
	if err := m.Validate(); err != nil {
		return WingModel{}, err
	}
	m.VolRef = 0
	// The model is linear in the four: a column is the model with that one at 1.
	var h [4][4]float64
	var g [4]float64
	for j, k := range f.k {
		var row [4]float64
		for i := range row {
			e := m
			*[...]*float64{&e.VolRef, &e.SlopeRef, &e.PutCurvature, &e.CallCurvature}[i] = 1
			row[i], _, _ = e.at(k)
		}
		q := f.weight[j] * f.inv[j] * f.inv[j]
		for a := range row {
			g[a] += q * row[a] * f.mid[j]
			for b := range row {
				h[a][b] += q * row[a] * row[b]
			}
		}
	}
	// A wing without quotes has no curvature.
	for i := range h {
		h[i][i] += 1e-9 * h[0][0]
	}
	z, ok := solve4(h, g)
	if !ok {
		return WingModel{}, fmt.Errorf("surface: %s: %w: the wings are not determined", name(s.Label, 0), ErrTooFewQuotes)
	}
	m.VolRef, m.SlopeRef, m.PutCurvature, m.CallCurvature = z[0], z[1], z[2], z[3]
	return m, m.Validate()
}

// solve4 solves a symmetric positive definite system by elimination.
func solve4(h [4][4]float64, g [4]float64) ([4]float64, bool) {
	for i := range h {
		if !(h[i][i] > 0) {
			return g, false
		}
		for r := i + 1; r < 4; r++ {
			f := h[r][i] / h[i][i]
			for c := i; c < 4; c++ {
				h[r][c] -= f * h[i][c]
			}
			g[r] -= f * g[i]
		}
	}
	for i := 3; i >= 0; i-- {
		for c := i + 1; c < 4; c++ {
			g[i] -= h[i][c] * g[c]
		}
		g[i] /= h[i][i]
	}
	return g, true
}
