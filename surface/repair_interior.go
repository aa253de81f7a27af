package surface

import (
	"context"
	"math"
)

// sparseRow is a constraint Σ a_i x_i ≥ bound on at most three variables.
type sparseRow struct {
	index []int32
	a     [3]float64
	bound float64
}

func (r *sparseRow) dot(x []float64) float64 {
	sum := 0.0
	for i, v := range r.index {
		sum += r.a[i] * x[v]
	}
	return sum
}

// quadratic is the programme min ½Σ q_i x_i² + Σ g_i x_i under rows, with q ≥ 0; linear if all q are 0. Each variable
// must be held by q or by a row.
type quadratic struct {
	q, g []float64
	rows []sparseRow
}

// interiorResult says how far the method came.
type interiorResult struct {
	x          []float64
	iterations int
	primal     float64 // largest miss of a row
	dual       float64 // largest miss of stationarity
	gap        float64 // mean product of slack and multiplier
}

// solve runs Mehrotra's (1992) predictor-corrector method from outside the feasible set. The Newton equations are reduced
// to the variables, Q + AᵀDA, whose pattern is that of neighbouring quotes. It stops when the misses and the gap are
// below what is asked or when no step improves them.
func (m *quadratic) solve(ctx context.Context, primalTolerance, gapTolerance float64) (interiorResult, error) {
	const dualTolerance, most, regular = 1e-9, 120, 1e-13
	n, rows := len(m.g), len(m.rows)
	groups := make([][]int32, rows)
	linear := true
	for i := range m.rows {
		groups[i] = m.rows[i].index
	}
	for _, q := range m.q {
		linear = linear && q == 0
	}
	factor, slots := newSparseLDL(n, groups)

	x, dx, rd := make([]float64, n), make([]float64, n), make([]float64, n)
	s, z, rp, rc := make([]float64, rows), make([]float64, rows), make([]float64, rows), make([]float64, rows)
	ds, dz, weight := make([]float64, rows), make([]float64, rows), make([]float64, rows)
	for i := range m.rows {
		s[i] = max(-m.rows[i].bound, 1)
		z[i] = 1 / s[i]
	}
	direction := func() { // the Newton step for the products rc
		for i := range dx {
			dx[i] = -rd[i]
		}
		for i := range m.rows {
			r := &m.rows[i]
			push := -rc[i]/s[i] - weight[i]*rp[i]
			for j, v := range r.index {
				dx[v] += r.a[j] * push
			}
		}
		factor.solve(dx)
		for i := range m.rows {
			ds[i] = m.rows[i].dot(dx) + rp[i]
			dz[i] = -(rc[i] + z[i]*ds[i]) / s[i]
		}
	}
	reach := func(v, dv []float64) float64 { // the longest step that keeps v ≥ 0
		a := math.Inf(1)
		for i, d := range dv {
			if d < 0 {
				a = min(a, -v[i]/d)
			}
		}
		return a
	}
	best := interiorResult{gap: math.Inf(1), primal: math.Inf(1), dual: math.Inf(1)}
	score := math.Inf(1)
	stale := 0
	for it := 0; ; it++ {
		if err := ctx.Err(); err != nil {
			return best, err
		}
		for i := range rd {
			rd[i] = m.q[i]*x[i] + m.g[i]
		}
		primal, dual, gap := 0.0, 0.0, 0.0
		for i := range m.rows {
			r := &m.rows[i]
			for j, v := range r.index {
				rd[v] -= r.a[j] * z[i]
			}
			rp[i] = r.dot(x) - s[i] - r.bound
			primal = max(primal, math.Abs(rp[i]))
			gap += s[i] * z[i]
		}
		gap /= float64(rows)
		for _, v := range rd {
			dual = max(dual, math.Abs(v))
		}
		now := max(primal/primalTolerance, dual/dualTolerance, gap/gapTolerance)
		if now < score {
			best = interiorResult{append(best.x[:0], x...), it, primal, dual, gap}
			if now < 0.9*score {
				stale = 0
			}
			score = now
		}
		stale++
		best.iterations = it
		if score <= 1 || it == most || stale > 15 || !(now < math.Inf(1)) {
			return best, nil
		}

		clear(factor.value)
		for v, slot := range factor.diagonal {
			factor.value[slot] += m.q[v] + regular
		}
		for i := range m.rows {
			r := &m.rows[i]
			weight[i] = z[i] / s[i]
			at := 0
			for a := range r.index {
				w := weight[i] * r.a[a]
				for b := range a + 1 {
					factor.value[slots[i][at]] += w * r.a[b]
					at++
				}
			}
		}
		factor.factor()

		for i := range rc {
			rc[i] = s[i] * z[i]
		}
		direction()
		ap, ad := min(1, reach(s, ds)), min(1, reach(z, dz))
		ahead := 0.0
		for i := range s {
			ahead += (s[i] + ap*ds[i]) * (z[i] + ad*dz[i])
		}
		ahead /= float64(rows)
		centring := ahead / gap
		centring *= centring * centring
		for i := range rc {
			rc[i] = s[i]*z[i] + ds[i]*dz[i] - centring*gap
		}
		direction()
		const back = 0.995
		ap, ad = min(1, back*reach(s, ds)), min(1, back*reach(z, dz))
		if !linear { // stationarity couples the two
			ap = min(ap, ad)
			ad = ap
		}
		for i := range x {
			x[i] += ap * dx[i]
		}
		for i := range s {
			s[i] += ap * ds[i]
			z[i] += ad * dz[i]
		}
	}
}
