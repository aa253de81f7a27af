package fd

//go:generate sh -c "cd ../../hw/goasm/_gen && go run . -only pricing/fd"

import (
	"math"
	"sync"

	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing/model"
)

// adiSpace is the memory of a solver in two variables. Values stand by row: that of node i of the asset and node j of the
// second variable at i·m + j, so that sweeps over the asset work on whole rows at once. Values are discounted to now, so
// that the equation has no term without a derivative and each row of each operator adds up to zero.
type adiSpace struct {
	n, m int
	x, y []float64

	// Weights of the differences to the neighbours in first and second derivatives.
	xDown, xUp, xLower, xUpper []float64
	yDown, yUp, yLower, yUpper []float64
	third                      float64 // weight of the second neighbour of the first column in its first derivative
	fixedLow, fixedHigh        bool    // the first or the last row is given from outside
	absorbed                   bool    // the first row is the floor of the asset, where it stays

	// The operators of one step.
	g, s                   []float64 // of the asset, by row
	drift, vol, scale      []float64 // of the second variable, by column
	square, cross          []float64 // scale², and scale·vol or what a model says is its covariance
	zeros                  []float64
	lower, upper           []float64 // by row, to be multiplied by square
	driftLower, driftUpper []float64
	coupling               []float64 // by row, to be multiplied by mixedLow and mixedHigh
	mixedLow, mixedHigh    []float64
	left, right            []float64 // by column
	beyond                 float64   // of the second neighbour of the first column

	// The factors of the implicit operators.
	near, inverse, far    []float64 // n·m
	midLow, midHigh       []float64
	yNear, yInverse, yFar []float64
	yFirst, ySecond       float64
	set                   adiSet

	u, r, q, e, off, mult, base []float64
	side                        [2]adiSide
	floor, floors               []float64 // of early exercise, by row or by node
	paired                      bool
	crew                        crew
	sample                      *[5][1025]float64 // of the second variable, to lay its grid
}

// adiSet is what the factors were made for.
type adiSet struct {
	dt, theta, mu float64
	ok            bool
}

// adiSide is what one worker needs for itself.
type adiSide struct {
	slope, asset, x0, x1 []float64
	edge, middle         []float64 // the eliminated rows next to the middle one, and that row itself
}

var adiSpaces = sync.Pool{New: func() any { return new(adiSpace) }}

// pad is the room before and after the values, for rows shifted by one node.
const pad = 8

func padded(s []float64, n int) []float64 {
	s = grown(s, n+2*pad)
	clear(s[:pad])
	clear(s[pad+n:])
	return s
}

// lay makes room for a grid whose nodes are in x and y, and finds the weights of the derivatives.
func (w *adiSpace) lay(n, m int) {
	w.n, w.m = n, m
	w.x, w.y = grown(w.x, n), grown(w.y, m)
	for _, p := range []*[]float64{&w.xDown, &w.xUp, &w.xLower, &w.xUpper, &w.g, &w.s, &w.lower, &w.upper, &w.driftLower, &w.driftUpper,
		&w.coupling, &w.floor} {
		*p = grown(*p, n)
	}
	for _, p := range []*[]float64{&w.yDown, &w.yUp, &w.yLower, &w.yUpper, &w.drift, &w.vol, &w.scale, &w.square, &w.cross, &w.zeros,
		&w.mixedLow, &w.mixedHigh, &w.left, &w.right, &w.midLow, &w.midHigh, &w.yNear, &w.yInverse, &w.yFar} {
		*p = grown(*p, m)
	}
	for _, p := range []*[]float64{&w.near, &w.inverse, &w.far, &w.e, &w.off} {
		*p = grown(*p, n*m)
	}
	for _, p := range []*[]float64{&w.u, &w.r, &w.q} {
		*p = padded(*p, n*m)
	}
	for k := range w.side {
		side := &w.side[k]
		side.slope = grown(side.slope, m+2)
		clear(side.slope)
		for _, p := range []*[]float64{&side.asset, &side.x0, &side.x1, &side.edge, &side.middle} {
			*p = grown(*p, m)
		}
	}
	clear(w.zeros)
	w.set = adiSet{}
	w.fixedLow, w.fixedHigh, w.absorbed = false, false, false
}

// row returns row i of values with room around them, shifted by d nodes.
func (w *adiSpace) row(v []float64, i, d int) []float64 {
	at := pad + i*w.m + d
	return v[at : at+w.m]
}

func (w *adiSpace) plain(v []float64, i int) []float64 { return v[i*w.m : (i+1)*w.m] }

// differences finds the weights: central inside, none in second derivatives at the ends, where first derivatives are taken
// from inside.
func (w *adiSpace) differences() {
	weigh(w.x, w.xDown, w.xUp, w.xLower, w.xUpper)
	weigh(w.y, w.yDown, w.yUp, w.yLower, w.yUpper)
	w.third = 0
	if w.m > 2 {
		h0, h1 := w.y[1]-w.y[0], w.y[2]-w.y[1]
		w.third = -h0 / (h1 * (h0 + h1))
	}
}

func weigh(x, down, up, lower, upper []float64) {
	n := len(x)
	for i := 1; i < n-1; i++ {
		a, b := x[i]-x[i-1], x[i+1]-x[i]
		down[i], up[i] = -b/(a*(a+b)), a/(b*(a+b))
		lower[i], upper[i] = 2/(a*(a+b)), 2/(b*(a+b))
	}
	down[0], lower[0], upper[0] = 0, 0, 0
	up[n-1], lower[n-1], upper[n-1] = 0, 0, 0
	up[0] = 1 / (x[1] - x[0])
	down[n-1] = -1 / (x[n-1] - x[n-2])
}

// operators prepares a step of dt: the coefficients of the asset are in g, those of the second variable in drift, vol, scale and
// cross, and mu is the drift of the asset relative to the grid.
func (w *adiSpace) operators(dt, mu, rho float64) {
	n, m := w.n, w.m
	for i := range n {
		g := w.g[i]
		half := 0.5 * dt * g * g
		move := dt * mu * w.x[i]
		w.lower[i], w.upper[i] = half*w.xLower[i], half*w.xUpper[i]
		w.driftLower[i], w.driftUpper[i] = move*w.xDown[i], move*w.xUp[i]
		w.coupling[i] = dt * rho * g
	}
	w.coupling[0], w.coupling[n-1] = 0, 0
	if w.fixedLow || w.absorbed {
		w.still(0)
	}
	if w.fixedHigh {
		w.still(n - 1)
	}
	for j := range m {
		half, move := 0.5*dt*w.vol[j]*w.vol[j], dt*w.drift[j]
		w.square[j] = w.scale[j] * w.scale[j]
		w.left[j] = half*w.yLower[j] + move*w.yDown[j]
		w.right[j] = half*w.yUpper[j] + move*w.yUp[j]
		w.mixedLow[j], w.mixedHigh[j] = w.cross[j]*w.yDown[j], w.cross[j]*w.yUp[j]
	}
	w.mixedLow[0], w.mixedHigh[0], w.mixedLow[m-1], w.mixedHigh[m-1] = 0, 0, 0, 0
	w.beyond = 0
	if m > 2 && w.drift[0] > 0 { // of second order where the equation itself holds on the boundary
		h0, h1 := w.y[1]-w.y[0], w.y[2]-w.y[1]
		w.beyond = dt * w.drift[0] * w.third
		w.right[0] = dt * w.drift[0] * (h0 + h1) / (h0 * h1)
	}
}

func (w *adiSpace) still(i int) {
	w.lower[i], w.upper[i], w.driftLower[i], w.driftUpper[i] = 0, 0, 0, 0
}

// factor eliminates the implicit operators. The rows are eliminated from both ends towards the middle one, so that two
// workers can share a solve without changing a bit of it.
func (w *adiSpace) factor(theta float64) {
	n, m := w.n, w.m
	mid := n / 2
	zero := w.side[0].x0
	clear(zero)
	for i := range mid {
		before, far := zero, zero
		if i > 0 {
			before, far = w.plain(w.inverse, i-1), w.plain(w.far, i-1)
		}
		adiEliminate(w.plain(w.near, i), w.plain(w.inverse, i), w.plain(w.far, i), w.square, before, far,
			theta*w.lower[i], theta*w.driftLower[i], theta*w.upper[i], theta*w.driftUpper[i])
	}
	for i := n - 1; i > mid; i-- {
		before, far := zero, zero
		if i < n-1 {
			before, far = w.plain(w.inverse, i+1), w.plain(w.far, i+1)
		}
		adiEliminate(w.plain(w.near, i), w.plain(w.inverse, i), w.plain(w.far, i), w.square, before, far,
			theta*w.upper[i], theta*w.driftUpper[i], theta*w.lower[i], theta*w.driftLower[i])
	}
	inverse := w.plain(w.inverse, mid)
	lowInverse, lowFar := w.plain(w.inverse, mid-1), w.plain(w.far, mid-1)
	highInverse, highFar := w.plain(w.inverse, mid+1), w.plain(w.far, mid+1)
	for j := range m {
		l := theta * (w.lower[mid]*w.square[j] + w.driftLower[mid])
		u := theta * (w.upper[mid]*w.square[j] + w.driftUpper[mid])
		inverse[j] = 1 / (1 + l + u - l*lowFar[j] - u*highFar[j])
		w.midLow[j], w.midHigh[j] = l*lowInverse[j], u*highInverse[j]
	}

	// The second variable, from the last column to the first.
	for j := m - 1; j > 0; j-- {
		l, u := theta*w.left[j], theta*w.right[j]
		pivot := 1 + l + u
		w.yNear[j] = 0
		if j < m-1 {
			pivot -= u * w.yFar[j+1]
			w.yNear[j] = u * w.yInverse[j+1]
		}
		w.yInverse[j] = 1 / pivot
		w.yFar[j] = l / pivot
	}
	u, b := theta*w.right[0], theta*w.beyond
	pivot := 1 + u + b - u*w.yFar[1]
	w.yFirst, w.ySecond = u*w.yInverse[1], 0
	if m > 2 {
		pivot -= b * w.yFar[2] * w.yFar[1]
		w.yFirst += b * w.yFar[2] * w.yInverse[1]
		w.ySecond = b * w.yInverse[2]
	}
	w.yInverse[0], w.yFar[0], w.yNear[0] = 1/pivot, 0, 0
}

// adiStage is one sweep through both directions: from the values in from, with what base adds, to the values in to.
type adiStage struct {
	first          bool
	weights        *adiWeights
	from, base, to []float64
	low, high      float64 // the values of rows that do not move
	project        bool    // early exercise: values do not fall below floor, or floors for a pair
}

// explicit writes the right-hand side of one row.
func (w *adiSpace) explicit(st *adiStage, side *adiSide, i int) {
	m := w.m
	below, above := max(i-1, 0), min(i+1, w.n-1)
	here := w.row(st.from, i, 0)
	adiAsset(side.slope[1:m+1], side.asset, w.row(st.from, below, 0), here, w.row(st.from, above, 0), w.square,
		w.lower[i], w.driftLower[i], w.upper[i], w.driftUpper[i], w.xDown[i], w.xUp[i])
	r, off, e := w.row(st.to, i, 0), w.plain(w.off, i), w.plain(w.e, i)
	left, right := w.row(st.from, i, -1), w.row(st.from, i, 1)
	low, mid, high := side.slope[:m], side.slope[1:m+1], side.slope[2:m+2]
	wt := st.weights
	var beyond float64
	if m > 2 {
		beyond = w.beyond * (here[2] - here[0])
	}
	switch {
	case st.first:
		adiFirst(r, off, e, w.row(st.base, i, 0), left, here, right, low, mid, high, side.asset, w.mixedLow, w.mixedHigh, w.left, w.right,
			w.coupling[i], 1-wt.theta, wt.theta, wt.e0, wt.e1, wt.e2)
		r[0] += beyond
		off[0] += wt.theta * beyond
		e[0] += wt.e2 * beyond
	case wt.keep:
		adiSecondKeep(r, e, left, here, right, low, mid, high, side.asset, w.mixedLow, w.mixedHigh, w.left, w.right,
			w.coupling[i], wt.w0, wt.w1, wt.w2)
		r[0] += wt.w2 * beyond
	default:
		adiSecond(r, off, e, left, here, right, low, mid, high, side.asset, w.mixedLow, w.mixedHigh, w.left, w.right,
			w.coupling[i], wt.w0, wt.w1, wt.w2, wt.theta)
		r[0] += wt.w2 * beyond
		off[0] += wt.theta * beyond
	}
	if i == 0 && w.fixedLow {
		hold(r, e, off, st.low)
	}
	if i == w.n-1 && w.fixedHigh {
		hold(r, e, off, st.high)
	}
}

func hold(r, e, off []float64, value float64) {
	for j := range r {
		r[j], e[j], off[j] = value, value, 0
	}
}

// inwards writes the right-hand sides of one half of the rows and eliminates them towards the middle.
func (w *adiSpace) inwards(st *adiStage, which int) {
	side := &w.side[which]
	mid := w.n / 2
	if which == 0 {
		for i := range mid {
			w.explicit(st, side, i)
			if i > 0 {
				r := w.row(st.to, i, 0)
				vec.MulAdd(r, w.plain(w.near, i), w.row(st.to, i-1, 0), r)
			}
		}
		copy(side.edge, w.row(st.to, mid-1, 0))
		return
	}
	for i := w.n - 1; i >= mid; i-- {
		w.explicit(st, side, i)
		if i < w.n-1 && i > mid {
			r := w.row(st.to, i, 0)
			vec.MulAdd(r, w.plain(w.near, i), w.row(st.to, i+1, 0), r)
		}
	}
	copy(side.edge, w.row(st.to, mid+1, 0))
	copy(side.middle, w.row(st.to, mid, 0))
}

// outwards substitutes from the middle and solves for the second variable.
func (w *adiSpace) outwards(st *adiStage, which int) {
	side := &w.side[which]
	mid := w.n / 2
	x, next := side.x0, side.x1
	low, high, middle, inverse := w.side[0].edge, w.side[1].edge, w.side[1].middle, w.plain(w.inverse, mid)
	for j := range x {
		x[j] = inverse[j] * (middle[j] + w.midLow[j]*low[j] + w.midHigh[j]*high[j])
	}
	if which == 0 {
		done := mid
		for i := mid - 1; i >= 0; i-- {
			r := w.row(st.to, i, 0)
			adiBack(next, r, r, w.plain(w.inverse, i), w.plain(w.far, i), x, w.plain(w.off, i))
			x, next = next, x
			if done-i == lines || i == 0 {
				w.second(st, i, done)
				done = i
			}
		}
		return
	}
	done := mid
	r, off := w.row(st.to, mid, 0), w.plain(w.off, mid)
	for j := range r {
		r[j] = x[j] - off[j]
	}
	for i := mid + 1; i < w.n; i++ {
		r := w.row(st.to, i, 0)
		adiBack(next, r, r, w.plain(w.inverse, i), w.plain(w.far, i), x, w.plain(w.off, i))
		x, next = next, x
		if i+1-done == lines || i == w.n-1 {
			w.second(st, done, i+1)
			done = i + 1
		}
	}
}

// lines is how many rows are solved for the second variable at once, so that their chains of operations overlap.
const lines = 8

// second solves rows from up to, not including, to for the second variable, and holds them above the payoff.
func (w *adiSpace) second(st *adiStage, from, to int) {
	m := w.m
	near, inverse, far := w.yNear[:m], w.yInverse[:m], w.yFar[:m]
	i := from
	for ; i+lines <= to; i += lines {
		a, b, c, d := w.row(st.to, i, 0), w.row(st.to, i+1, 0), w.row(st.to, i+2, 0), w.row(st.to, i+3, 0)
		e, f, g, h := w.row(st.to, i+4, 0), w.row(st.to, i+5, 0), w.row(st.to, i+6, 0), w.row(st.to, i+7, 0)
		solve8(a, b, c, d, e, f, g, h, near, inverse, far, w.yFirst, w.ySecond)
	}
	for ; i < to; i++ {
		w.solve1(w.row(st.to, i, 0))
	}
	if !st.project {
		return
	}
	for i := from; i < to; i++ {
		v, mult := w.row(st.to, i, 0), w.plain(w.mult, i)
		if w.paired {
			adiProjectEach(v, mult, v, mult, w.plain(w.floors, i))
		} else {
			adiProject(v, mult, v, mult, w.floor[i])
		}
		vec.AddScaled(w.row(w.base, i, 0), 1, v, mult)
	}
}

func (w *adiSpace) solve1(a []float64) {
	m := len(a)
	near, inverse, far := w.yNear[:m], w.yInverse[:m], w.yFar[:m]
	x := a[m-1]
	for j := m - 2; j > 0; j-- {
		x = a[j] + near[j]*x
		a[j] = x
	}
	x = a[0] + w.yFirst*a[1]
	if m > 2 {
		x += w.ySecond * a[2]
	}
	x *= inverse[0]
	a[0] = x
	for j := 1; j < m; j++ {
		x = inverse[j]*a[j] + far[j]*x
		a[j] = x
	}
}

func solve8(a, b, c, d, e, f, g, h, near, inverse, far []float64, first, second float64) {
	m := len(near)
	a, b, c, d, e, f, g, h = a[:m], b[:m], c[:m], d[:m], e[:m], f[:m], g[:m], h[:m]
	inverse, far = inverse[:m], far[:m]
	xa, xb, xc, xd, xe, xf, xg, xh := a[m-1], b[m-1], c[m-1], d[m-1], e[m-1], f[m-1], g[m-1], h[m-1]
	for j := m - 2; j > 0; j-- {
		k := near[j]
		xa = a[j] + k*xa
		xb = b[j] + k*xb
		xc = c[j] + k*xc
		xd = d[j] + k*xd
		a[j], b[j], c[j], d[j] = xa, xb, xc, xd
		xe = e[j] + k*xe
		xf = f[j] + k*xf
		xg = g[j] + k*xg
		xh = h[j] + k*xh
		e[j], f[j], g[j], h[j] = xe, xf, xg, xh
	}
	begin := func(a []float64) float64 {
		x := a[0] + first*a[1]
		if m > 2 {
			x += second * a[2]
		}
		x *= inverse[0]
		a[0] = x
		return x
	}
	xa, xb, xc, xd, xe, xf, xg, xh = begin(a), begin(b), begin(c), begin(d), begin(e), begin(f), begin(g), begin(h)
	for j := 1; j < m; j++ {
		p, q := inverse[j], far[j]
		xa = p*a[j] + q*xa
		xb = p*b[j] + q*xb
		xc = p*c[j] + q*xc
		xd = p*d[j] + q*xd
		a[j], b[j], c[j], d[j] = xa, xb, xc, xd
		xe = p*e[j] + q*xe
		xf = p*f[j] + q*xf
		xg = p*g[j] + q*xg
		xh = p*h[j] + q*xh
		e[j], f[j], g[j], h[j] = xe, xf, xg, xh
	}
}

// step moves the values back by one time step. Values of rows that do not move become low and high.
func (w *adiSpace) step(wt *adiWeights, project bool, low, high float64) {
	st := adiStage{first: true, weights: wt, from: w.u, base: w.u, to: w.r, low: low, high: high, project: project && wt.once}
	if project {
		st.base = w.base
	}
	w.sweep(&st)
	if wt.once {
		w.u, w.r = w.r, w.u
		return
	}
	st.first, st.from, st.to, st.project = false, w.r, w.q, project
	w.sweep(&st)
	w.u, w.q = w.q, w.u
}

func (w *adiSpace) sweep(st *adiStage) {
	if w.crew.on {
		w.crew.both(w, st)
		return
	}
	w.inwards(st, 0)
	w.inwards(st, 1)
	w.outwards(st, 0)
	w.outwards(st, 1)
}

// read fills the coefficients of a step from t0 to t1: at the prices of the grid times scale.
func (w *adiSpace) read(world model.Diffusion2, t0, t1, scale float64) (what string, at, value float64) {
	for i, x := range w.x {
		w.s[i] = x * scale
	}
	world.AssetTo(w.g, w.s, t0, t1)
	for i := range w.g {
		w.g[i] /= scale
		if !(w.g[i] >= 0) || math.IsInf(w.g[i], 1) {
			return "diffusion of the asset", w.s[i], w.g[i]
		}
	}
	world.SecondTo(w.drift, w.vol, w.scale, w.y, t0, t1)
	for j, v := range w.vol {
		if all := v + w.scale[j] + w.drift[j]; math.IsNaN(all) || math.IsInf(all, 0) {
			return "coefficients of the second variable", w.y[j], all
		}
	}
	return "", 0, 0
}
