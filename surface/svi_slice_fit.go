package surface

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// FitSVI fits a raw SVI smile without butterfly arbitrage to the quotes of one expiry, see [SVIFitter.FitSlice]. If the
// settings have a Start, that of its pillars which is nearest in time is the start.
func FitSVI(s *Smile, cfg SVISettings) (SVI, SliceFit, error) {
	var f SVIFitter
	if cfg.Start != nil && s.Tau > 0 {
		x := cfg.Start.near(s.Tau)
		return f.FitSlice(s, &x, cfg)
	}
	return f.FitSlice(s, nil, cfg)
}

// FitSlice fits a raw SVI smile to the quotes of one expiry, from a start, such as the smile of a moment ago, or if that is
// nil from the best of [FitSVIQuasiExplicit] and a smile of the SSVI family. It allocates nothing once the fitter has fitted a
// smile of that size. The result satisfies the exact conditions of [SVI.Butterfly], whatever the quotes.
//
// Errors are those of [FitSVISurface].
func (f *SVIFitter) FitSlice(s *Smile, start *SVI, cfg SVISettings) (SVI, SliceFit, error) {
	f.one[0] = *s
	if err := f.prepare(f.one[:], cfg.base()); err != nil {
		return SVI{}, SliceFit{}, err
	}
	limit := cfg.MaxIterations
	if limit == 0 {
		limit = 60
	}
	tol := orDefault(cfg.Tolerance, 1e-5)
	p, steps := &f.p[0], 0
	var x sviVars
	damping := 1e-8
	if start != nil {
		if err := start.Validate(); err != nil {
			return SVI{}, SliceFit{}, err
		}
		x = start.vars()
		p.layOut(x)
		x = p.prior
	} else {
		damping = 1e-3
		f.load.start()
		x = f.load.x[0].slice(s.Tau).SVI().vars()
		p.layOut(x)
		var g sviVars
		var h lower5
		x = p.prior
		if q, _, ok := p.quasiExplicit(); ok {
			if v := q.vars(); p.evaluate(&v, &g, &h, 1) < p.evaluate(&x, &g, &h, 1) {
				x = v
			}
		}
	}
	_, converged := p.minimise(&x, damping, tol, limit, &steps)
	svi := x.svi()
	for range 8 {
		if svi.plainlyFree() || svi.CheckButterfly() == nil {
			break
		}
		var ks [scanPoints]float64
		svi.scan(&ks)
		if k, g := extremum(ks[:], svi.Durrleman, 0.05); g < p.marginG {
			p.points = append(p.points, k)
		}
		p.butterfly *= 10
		p.marginG *= 1.5
		_, converged = p.minimise(&x, 1e-4, tol, limit, &steps)
		svi = x.svi()
	}
	if !svi.plainlyFree() {
		alone := SVISurface{tau: f.tau[:1], x: f.single[:]}
		alone.x[0] = svi
		_, ok := alone.mend(0)
		if svi = alone.x[0]; !ok {
			converged = false
			f.load.start()
			svi = f.load.x[0].slice(s.Tau).SVI()
		}
	}
	fit, _ := measureSlice(s, svi, p.inv, p.weight, orDefault(cfg.Scale, 0.5), p.loss)
	if !converged {
		return svi, fit, fmt.Errorf("surface: %w in %d iterations: %s is off by %.2g half-spreads, rms", ErrNotConverged, steps,
			name(s.Label, 0), fit.RMSSpread)
	}
	return svi, fit, nil
}

// plainlyFree reports whether the smile is so far inside the domain without butterfly arbitrage that a coarse look is enough.
func (s SVI) plainlyFree() bool {
	const margin = 0.02
	gamma, mu, quarter := s.A/(s.B*s.Sigma), s.M/s.Sigma, 0.25*s.B
	if !(s.B > 0 && s.B*(1+math.Abs(s.Rho)) < 1.9 && gamma+math.Sqrt((1-s.Rho)*(1+s.Rho)) > 0.1) {
		return false
	}
	ratio := 0.5 * s.B / s.Sigma
	for _, z := range plainGrid {
		v := gamma + s.Rho*z.y + z.c
		e := 1 / v
		d := s.Rho + z.y*z.over
		q := 0.5 * (z.y + mu) * e
		up, down := 1-d*(q+quarter), 1-d*(q-quarter)
		if !(v > 0 && up > margin && down > margin && up*down+ratio*(z.over*z.over*z.over-0.5*d*d*e) > margin) {
			return false
		}
	}
	return true
}

// plainGrid holds y, √(1+y²) and its inverse.
var plainGrid = func() (z [41]struct{ y, c, over float64 }) {
	for i := range z {
		x := 6.5 * float64(i-20) / 20
		z[i].y, z[i].c, z[i].over = math.Sinh(x), math.Cosh(x), 1/math.Cosh(x)
	}
	return
}()

// FitSVIQuasiExplicit fits a raw SVI smile to the quotes of one expiry by the two steps of Zeliade Systems, "Quasi-explicit
// calibration of Gatheral's SVI model" (2009): for a given centre m and width σ total variance is linear in three parameters,
// whose weighted least squares within the bounds 0 <= c <= 4σ, |d| <= min(c, 4σ−c) of the paper are found in closed form, and
// the outer search is over m and σ only. The weights are those of [SVISettings], of errors in volatility to first order;
// Loss is not used.
//
// Those bounds keep the wings within Lee's and the level is kept above −√(c²−d²), below which variance would be negative. They
// do not exclude butterfly arbitrage: see [SVI.CheckButterfly], and [FitSVI] for a fit that does.
func FitSVIQuasiExplicit(s *Smile, cfg SVISettings) (SVI, error) {
	var f SVIFitter
	f.one[0] = *s
	if err := f.prepare(f.one[:], cfg.base()); err != nil {
		return SVI{}, err
	}
	f.load.start()
	p := &f.p[0]
	p.layOut(f.load.x[0].slice(s.Tau).SVI().vars())
	x, _, ok := p.quasiExplicit()
	if !ok {
		return SVI{}, fault.Arg("surface.FitSVIQuasiExplicit", name(s.Label, 0), s.Mid, "quotes that a smile can be fitted to")
	}
	return x, nil
}

// quasiExplicit searches m and ln σ: a coarse grid, then ever smaller steps along both axes and diagonals.
func (p *sviProblem) quasiExplicit() (SVI, float64, bool) {
	n := len(p.k)
	root := math.Sqrt(p.scale)
	span := math.Max(p.k[n-1]-p.k[0], root)
	best := math.Inf(1)
	var at SVI
	var m, s float64
	try := func(x, y float64) bool {
		y = math.Min(math.Max(y, math.Log(0.02*root)), math.Log(5*span))
		if v, cost := p.inner(x, math.Exp(y)); cost < best {
			best, at, m, s = cost, v, x, y
			return true
		}
		return false
	}
	for i := range 5 {
		for j := range 5 {
			try(p.k[0]+span*(0.1+0.2*float64(i)), math.Log(0.1*root)+float64(j)*0.25*math.Log(20*span/root))
		}
	}
	dm, ds := 0.2*span, 0.5
	for dm > 1e-5*root || ds > 1e-4 {
		x, y := m, s
		moved := try(x+dm, y) || try(x-dm, y) || try(x, y+ds) || try(x, y-ds) ||
			try(x+dm, y+ds) || try(x-dm, y-ds) || try(x+dm, y-ds) || try(x-dm, y+ds)
		if moved { // once more the same way
			try(2*m-x, 2*s-y)
			continue
		}
		dm, ds = 0.4*dm, 0.4*ds
	}
	return at, best, !math.IsInf(best, 1)
}

// inner solves the linear problem at (m, σ) and returns the smile and the weighted sum of squares.
func (p *sviProblem) inner(m, sigma float64) (SVI, float64) {
	// Normal equations of w ≈ α + d·y + c·√(1+y²).
	var h [3][3]float64
	var g [3]float64
	var ww float64
	for j, k := range p.k {
		y := (k - m) / sigma
		r := math.Sqrt(1 + y*y)
		w := p.mid[j] * p.mid[j] * p.tau
		q := p.inv[j] / (2 * p.mid[j] * p.tau)
		q *= q * p.weight[j]
		h[0][0] += q
		h[0][1] += q * y
		h[0][2] += q * r
		h[1][1] += q * y * y
		h[1][2] += q * y * r
		h[2][2] += q * r * r
		g[0] += q * w
		g[1] += q * w * y
		g[2] += q * w * r
		ww += q * w * w
	}
	h[1][0], h[2][0], h[2][1] = h[0][1], h[0][2], h[1][2]
	cost := func(z [3]float64) float64 {
		f := ww
		for i := range z {
			f -= 2 * g[i] * z[i]
			for j := range z {
				f += h[i][j] * z[i] * z[j]
			}
		}
		return f
	}
	// The pyramid |d| <= c, |d| <= 2σ·2 − c in (d, c): its faces d = ±c, d = ±(4σ−c), and their corners.
	top := 4 * sigma * (1 - 1e-9)
	inside := func(z [3]float64) bool {
		d, c := math.Abs(z[1]), z[2]
		return d <= c*(1+1e-12) && d <= (top-c)*(1+1e-12)+1e-300 && z[0] > -math.Sqrt(math.Max(0, c*c-d*d))
	}
	best, at := math.Inf(1), [3]float64{}
	consider := func(z [3]float64) bool {
		if !inside(z) {
			return false
		}
		if f := cost(z); f < best {
			best, at = f, z
		}
		return true
	}
	if z, ok := solve3(h, g); !ok || !consider(z) {
		// On a face d = s·c + t: two unknowns (α, c).
		for _, face := range [...][2]float64{{1, 0}, {-1, 0}, {-1, top}, {1, -top}} {
			s, t := face[0], face[1]
			a00, a01, a11 := h[0][0], h[0][2]+s*h[0][1], h[2][2]+2*s*h[1][2]+s*s*h[1][1]
			b0, b1 := g[0]-t*h[0][1], g[2]+s*g[1]-t*(h[1][2]+s*h[1][1])
			if det := a00*a11 - a01*a01; det > 0 {
				c := (a00*b1 - a01*b0) / det
				consider([3]float64{(a11*b0 - a01*b1) / det, s*c + t, c})
			}
		}
		// At a corner: α alone.
		for _, v := range [...][2]float64{{0, 0}, {top / 2, top / 2}, {-top / 2, top / 2}, {0, top}} {
			consider([3]float64{(g[0] - h[0][1]*v[0] - h[0][2]*v[1]) / h[0][0], v[0], v[1]})
		}
	}
	if math.IsInf(best, 1) {
		return SVI{}, best
	}
	s := SVI{A: at[0], B: at[2] / sigma, M: m, Sigma: sigma}
	if at[2] > 0 {
		s.Rho = math.Max(-1+1e-7, math.Min(1-1e-7, at[1]/at[2]))
	}
	return s, math.Max(best, 0)
}

// solve3 solves a symmetric positive definite system by Cholesky's method.
func solve3(h [3][3]float64, g [3]float64) (z [3]float64, ok bool) {
	var l [3][3]float64
	for i := range 3 {
		for j := range i + 1 {
			s := h[i][j]
			for k := range j {
				s -= l[i][k] * l[j][k]
			}
			if i > j {
				l[i][j] = s / l[j][j]
			} else if !(s > 1e-13*h[i][i]) {
				return z, false
			} else {
				l[i][i] = math.Sqrt(s)
			}
		}
	}
	for i := range 3 {
		z[i] = g[i]
		for j := range i {
			z[i] -= l[i][j] * z[j]
		}
		z[i] /= l[i][i]
	}
	for i := 2; i >= 0; i-- {
		for j := i + 1; j < 3; j++ {
			z[i] -= l[j][i] * z[j]
		}
		z[i] /= l[i][i]
	}
	return z, true
}
