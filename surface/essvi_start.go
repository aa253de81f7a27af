package surface

import "math"

// start writes a point to s.x that is strictly inside all conditions, from the quotes alone: an SSVI surface with
// φ = η/√θ and one ρ, its θ from the quotes at the money and the isotonic regression of that on expiry, ρη from the
// median of their skews.
func (s *solver) start() {
	n := len(s.tau)
	skews := s.skews[:0]
	for i := range n {
		level, skew := s.atTheMoney(i)
		s.x[i].theta = level
		skews = insert(skews, skew/math.Sqrt(level))
	}
	s.skews = skews
	s.isotonic()
	skew := 0.5 * (skews[(n-1)/2] + skews[n/2])
	// η = 1 is a usual curvature; a steeper skew needs more of it, up to what the butterfly condition η²(1+|ρ|) < 4 allows.
	skew = math.Max(-1.3, math.Min(1.3, skew))
	eta := math.Max(1, math.Abs(skew)/0.9)
	rho := skew / eta
	for i := range s.x {
		root := eta * math.Sqrt(s.x[i].theta)
		s.x[i].u, s.x[i].v = root*(1+rho), root*(1-rho)
	}
	s.inside(1e-3)
}

// atTheMoney returns the total variance and its slope at k = 0, from a line through the nine quotes nearest to the money.
func (s *solver) atTheMoney(i int) (level, skew float64) {
	const near = 9
	lo, hi := s.first[i], s.first[i+1]
	a := lo // the nearest quotes are a:b, as k rises
	for b := lo + near; b < hi && math.Abs(s.k[b]) < math.Abs(s.k[a]); b++ {
		a++
	}
	b := min(a+near, hi)
	var sk, sw, skk, skw float64
	for j := a; j < b; j++ {
		w := s.mid[j] * s.mid[j] * s.tau[i]
		sk += s.k[j]
		sw += w
		skk += s.k[j] * s.k[j]
		skw += s.k[j] * w
	}
	m := float64(b - a)
	mean := sw / m
	if d := skk - sk*sk/m; d > 0 {
		skew = (skw - sk*mean) / d
	}
	level = mean - skew*sk/m
	level = math.Max(0.25*mean, math.Min(4*mean, level)) // where there are no quotes at the money
	return level, skew
}

// insert adds v to the sorted list.
func insert(sorted []float64, v float64) []float64 {
	sorted = append(sorted, v)
	for i := len(sorted) - 1; i > 0 && sorted[i-1] > v; i-- {
		sorted[i], sorted[i-1] = sorted[i-1], v
	}
	return sorted
}

type pool struct {
	sum float64
	n   int
}

// isotonic replaces the θ of the slices by the nondecreasing sequence nearest to them in logarithm (pool adjacent
// violators).
func (s *solver) isotonic() {
	mean := func(p pool) float64 { return p.sum / float64(p.n) }
	pools := s.pools[:0]
	for _, x := range s.x {
		p := pool{math.Log(x.theta), 1}
		for len(pools) > 0 && mean(pools[len(pools)-1]) >= mean(p) {
			q := pools[len(pools)-1]
			pools = pools[:len(pools)-1]
			p = pool{p.sum + q.sum, p.n + q.n}
		}
		pools = append(pools, p)
	}
	i := 0
	for _, p := range pools {
		theta := math.Exp(mean(p))
		for range p.n {
			s.x[i].theta = theta
			i++
		}
	}
	s.pools = pools[:0]
}

// inside moves s.x strictly inside all conditions, by the relative margin at least: wings that fall with expiry are
// raised to the one before, wings over Lee's bound cut, and then each θ raised as far as the others need. Any point with
// positive θ can be so mended, and one that is inside by the margin stays as it is.
func (s *solver) inside(margin float64) {
	n := len(s.x)
	margin = math.Min(margin, 0.3/float64(n))
	for i := range s.x {
		y := &s.x[i]
		limit := 4 * (1 - margin*float64(n-i))
		least := 1e-9 * math.Sqrt(y.theta)
		y.u = math.Max(y.u, least)
		y.v = math.Max(y.v, least)
		if i > 0 {
			y.u = math.Max(y.u, s.x[i-1].u*(1+margin))
			y.v = math.Max(y.v, s.x[i-1].v*(1+margin))
		}
		y.u = math.Min(y.u, limit)
		y.v = math.Min(y.v, limit)
		y.theta = math.Max(y.theta, 0.125*(y.u+y.v)*math.Max(y.u, y.v)*(1+margin))
		if i > 0 {
			y.theta = math.Max(y.theta, s.x[i-1].theta*y.crossing(s.x[i-1], 0, 0)*(1+margin))
		}
	}
}
