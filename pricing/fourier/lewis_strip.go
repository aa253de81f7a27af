package fourier

import (
	"context"
	"math"

	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// nodes are the points of the trapezoidal rule on the line that is not bent, u = sinh(y)/2, with g = φ(u−i/2)·(du/dy)/(u²+1/4) =
// φ(u−i/2)·2/cosh y there. They do not depend on the strike.
type nodes struct {
	u, gRe, gIm []float64
	vRe, vIm    []float64 // of ∂φ/∂σ and ∂φ/∂t in the place of φ, if they are asked for
	tRe, tIm    []float64
	start       [lewisLevels + 2]int // of each level; a level is halfway between the points of those before it
	levels      int
	end         float64 // the y where the integrand has died out
	angle       []float64
	sin, cos    []float64
}

// share prices the options of one expiry on common nodes, making each level when the first strike needs it.
func (ws *lewisSpace) share(ctx context.Context, mk *market, items []item, out []pricing.Result) error {
	nd := &ws.nodes
	nd.u, nd.gRe, nd.gIm = nd.u[:0], nd.gRe[:0], nd.gIm[:0]
	nd.vRe, nd.vIm, nd.tRe, nd.tIm = nd.vRe[:0], nd.vIm[:0], nd.tRe[:0], nd.tIm[:0]
	nd.levels = 0
	top := math.Inf(-1)
	for _, it := range items {
		top = math.Max(top, it.k)
	}
	scale := math.Exp(0.5*top) / math.Pi
	ripple := 0.0
	if m, ok := mk.world.(model.Enveloped); ok {
		ripple = m.Ripple(mk.expiry)
	}
	for _, it := range items {
		ws.k = it.k
		ws.scale = math.Exp(0.5*it.k) / math.Pi
		at := 0
		level := func(first, h, end, cut float64) (sums, float64, bool) {
			if at == nd.levels && !ws.addLevel(mk, first, h, end, cut/scale) {
				return sums{}, 0, false
			}
			at++
			return nd.sum(nd.start[at-1], nd.start[at], it.k, ws.valueOnly), nd.end, true
		}
		p, has, err := ws.integrate(ctx, mk, ripple, level)
		if err != nil {
			return err
		}
		p.otm += math.Min(1, it.strike/mk.fwd.Value)
		out[it.index] = mk.result(it, p, has)
	}
	return nil
}

// addLevel adds the nodes at y = first, first+h, ... up to end, or for cut > 0 until |g| is below it. It reports whether g
// died out and is a number.
func (ws *lewisSpace) addLevel(mk *market, first, h, end, cut float64) bool {
	nd := &ws.nodes
	done := cut == 0
	enveloped, isEnveloped := mk.world.(model.Enveloped)
	for y := first; y <= end && !(done && cut > 0); {
		count := min(lewisBlock, int((end-y)/h+1e-9)+1)
		for j := range count {
			ws.u[j] = complex(0.5*math.Sinh(y+float64(j)*h), -0.5)
		}
		ws.char(mk, count)
		for j := range count {
			u := real(ws.u[j])
			w := 1 / math.Sqrt(u*u+0.25) // 2/cosh y
			if y == 0 && j == 0 {
				w *= 0.5
			}
			re, im := w*real(ws.phi[j]), w*imag(ws.phi[j])
			size := math.Abs(re) + math.Abs(im)
			if !(size <= math.MaxFloat64) {
				return false
			}
			nd.u, nd.gRe, nd.gIm = append(nd.u, u), append(nd.gRe, re), append(nd.gIm, im)
			if ws.hasVega {
				nd.vRe, nd.vIm = append(nd.vRe, w*real(ws.dphi[j])), append(nd.vIm, w*imag(ws.dphi[j]))
			}
			if ws.thetaModel != nil {
				nd.tRe, nd.tIm = append(nd.tRe, w*real(ws.tphi[j])), append(nd.tIm, w*imag(ws.tphi[j]))
			}
			if cut > 0 && isEnveloped {
				size = w * enveloped.CharEnvelope(ws.u[j], mk.expiry)
			}
			if cut > 0 && u > 1 && size <= cut {
				nd.end, done = y+float64(j)*h, true
				break
			}
		}
		y += float64(count) * h
	}
	nd.levels++
	nd.start[nd.levels] = len(nd.u)
	return done
}

// sum returns the sums over the nodes from one index to another: Re[g·e^(−iuk)] and its derivatives.
func (nd *nodes) sum(from, to int, k float64, valueOnly bool) (s sums) {
	n := to - from
	if cap(nd.angle) < n {
		nd.angle, nd.sin, nd.cos = make([]float64, 2*n), make([]float64, 2*n), make([]float64, 2*n)
	}
	u, re, im := nd.u[from:to], nd.gRe[from:to], nd.gIm[from:to]
	angle, sin, cos := nd.angle[:n], nd.sin[:n], nd.cos[:n]
	for i, x := range u {
		angle[i] = x * k
	}
	vec.Sincos(sin, cos, angle)
	if from == 0 {
		for i := 0; i < n; i += 2 {
			s.even += re[i]*cos[i] + im[i]*sin[i]
		}
	}
	if valueOnly {
		s.f0 = vec.Dot(re, cos) + vec.Dot(im, sin)
		return s
	}
	for i, x := range u {
		f0 := re[i]*cos[i] + im[i]*sin[i]
		s.f0 += f0
		s.f1 += x * (im[i]*cos[i] - re[i]*sin[i])
		s.f2 -= x * x * f0
	}
	if len(nd.vRe) > 0 {
		s.fv = vec.Dot(nd.vRe[from:to], cos) + vec.Dot(nd.vIm[from:to], sin)
	}
	if len(nd.tRe) > 0 {
		s.ft = vec.Dot(nd.tRe[from:to], cos) + vec.Dot(nd.tIm[from:to], sin)
	}
	return s
}
