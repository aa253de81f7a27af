package mc

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
)

// Construction says in which order the normals of a path build its Brownian motions. All give the same law; with [Sobol] and
// [Stratified], which spread their first dimensions best, the order matters for accuracy.
type Construction int

const (
	Automatic   Construction = iota // Bridge if the source has better and worse dimensions, otherwise Incremental
	Incremental                     // step after step
	Bridge                          // the end first, then the middle, then the quarters: a Brownian bridge
	PCA                             // principal components, by falling variance; costs the square of the steps
)

var constructionNames = [...]string{"automatic", "incremental", "Brownian bridge", "principal components"}

// String returns the name of the construction, in words.
func (c Construction) String() string {
	if c < 0 || int(c) >= len(constructionNames) {
		return fmt.Sprintf("Construction(%d)", int(c))
	}
	return constructionNames[c]
}

// builder turns the normals of a block, dimension by dimension, into the standard normal increments of its steps, by a rotation
// for each factor. It never changes once made.
type builder struct {
	steps, factors int
	bridge         []bridgePoint
	root           []float64   // 1/√(t[k]−t[k−1])
	rotation       [][]float64 // of PCA
}

// bridgePoint is a point of the bridge: W[at] = left·W[from] + right·W[to] + deviation·z.
type bridgePoint struct {
	at, from, to           int // from = −1 is time 0; to = −1 is no point
	left, right, deviation float64
}

// newBuilder prepares the construction for steps that end at the times.
func newBuilder(c Construction, times []float64, factors int) (*builder, error) {
	b := &builder{steps: len(times), factors: factors}
	if len(times) <= 1 || factors == 0 {
		return b, nil
	}
	switch c {
	case Incremental:
	case Bridge:
		b.bridge = bridgePoints(times)
		b.root = make([]float64, len(times))
		last := 0.0
		for k, t := range times {
			b.root[k] = 1 / math.Sqrt(t-last)
			last = t
		}
	case PCA:
		const most = 2048 // the rotation of so many steps takes seconds
		if len(times) > most {
			return nil, fault.Arg("mc.PCA", "steps", len(times), fmt.Sprintf("at most %d", most))
		}
		b.rotation = principal(times)
	default:
		return nil, fault.Arg("mc.Construction", "construction", int(c), "one of the package")
	}
	return b, nil
}

// bridgePoints orders the points so that each halves the longest run of points still missing.
func bridgePoints(times []float64) []bridgePoint {
	n := len(times)
	at := func(i int) float64 {
		if i < 0 {
			return 0
		}
		return times[i]
	}
	points := []bridgePoint{{at: n - 1, from: -1, to: -1, left: 1, deviation: math.Sqrt(times[n-1])}}
	type gap struct{ from, to int }
	queue := []gap{{-1, n - 1}}
	for len(queue) > 0 {
		g := queue[0]
		queue = queue[1:]
		if g.to-g.from < 2 {
			continue
		}
		m := g.from + (g.to-g.from)/2
		l, t, r := at(g.from), at(m), at(g.to)
		points = append(points, bridgePoint{at: m, from: g.from, to: g.to,
			left: (r - t) / (r - l), right: (t - l) / (r - l), deviation: math.Sqrt((t - l) * (r - t) / (r - l))})
		queue = append(queue, gap{g.from, m}, gap{m, g.to})
	}
	return points
}

// principal returns the matrix M of increments = M·z with the principal components of Brownian motion at the times, the first of
// z the one of largest variance: rows are steps.
func principal(times []float64) [][]float64 {
	n := len(times)
	cov := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			cov.SetSym(i, j, times[i]) // the smaller
		}
	}
	var eigen mat.EigenSym
	eigen.Factorize(cov, true)
	values := eigen.Values(nil)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	m := make([][]float64, n)
	last := 0.0
	for k := range m {
		m[k] = make([]float64, n)
		root := 1 / math.Sqrt(times[k]-last)
		last = times[k]
		for i := range n {
			c := n - 1 - i // values rise
			v := vectors.At(k, c)
			if k > 0 {
				v -= vectors.At(k-1, c)
			}
			m[k][i] = v * math.Sqrt(max(values[c], 0)) * root
		}
	}
	return m
}

// needs returns the number of scratch columns.
func (b *builder) needs() int {
	switch {
	case b.bridge != nil:
		return b.steps + 1
	case b.rotation != nil:
		return b.steps
	}
	return 0
}

// build turns the normals z, a column for each dimension, into increments in place. scratch has needs columns.
func (b *builder) build(z, scratch [][]float64) {
	for f := range b.factors {
		switch {
		case b.bridge != nil:
			w, zero := scratch[:b.steps], scratch[b.steps]
			clear(zero)
			for i, p := range b.bridge {
				dst := w[p.at]
				vec.AddScaled(dst, p.deviation, z[i*b.factors+f], zero)
				if p.from >= 0 {
					vec.AddScaled(dst, p.left, w[p.from], dst)
				}
				if p.to >= 0 {
					vec.AddScaled(dst, p.right, w[p.to], dst)
				}
			}
			last := zero
			for k, wk := range w {
				dst := z[k*b.factors+f]
				root := b.root[k]
				for j := range dst {
					dst[j] = (wk[j] - last[j]) * root
				}
				last = wk
			}
		case b.rotation != nil:
			for k, row := range b.rotation {
				dst := scratch[k]
				clear(dst)
				for i, a := range row {
					vec.AddScaled(dst, a, z[i*b.factors+f], dst)
				}
			}
			for k := range b.steps {
				copy(z[k*b.factors+f], scratch[k])
			}
		}
	}
}
