package calibrate

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/internal/vec/rng"
)

// landscape is a function on [−5, 5]ⁿ in the manner of Hansen, Finck, Ros and Auger, "Real-parameter black-box optimization
// benchmarking 2009: noiseless functions definitions" (INRIA RR-6829): its minimum is 0, at a random place, its axes are turned.
// An instance is a seed.
type landscape struct {
	name string
	make func(n int, w *world) func(x []float64) float64
}

// world is what an instance is made of.
type world struct {
	n      int
	best   []float64 // where the minimum is, within [−4, 4]
	q, r   []float64 // rotations, by rows
	signed []float64 // ±1
	g      rng.Philox
}

func newWorld(n int, instance uint64) *world {
	w := &world{n: n, best: make([]float64, n), signed: make([]float64, n), g: rng.NewPhilox(instance, 0xBB0B)}
	w.g.Uniforms(w.best)
	for j, u := range w.best {
		w.best[j] = -4 + 8*u
		w.signed[j] = math.Copysign(1, w.best[j])
	}
	w.q, w.r = w.rotation(), w.rotation()
	return w
}

func (w *world) rotation() []float64 {
	normals := make([]float64, w.n*w.n)
	w.g.Normals(normals)
	var qr mat.QR
	qr.Factorize(mat.NewDense(w.n, w.n, normals))
	var q mat.Dense
	qr.QTo(&q)
	return q.RawMatrix().Data
}

// from returns rot·(x − best).
func (w *world) from(rot, x, best []float64) []float64 {
	z := make([]float64, w.n)
	for i := range z {
		for j, v := range x {
			z[i] += rot[i*w.n+j] * (v - best[j])
		}
	}
	return z
}

func turn(rot, x []float64) []float64 {
	n := len(x)
	z := make([]float64, n)
	for i := range z {
		z[i] = inner(rot[i*n:(i+1)*n], x)
	}
	return z
}

// share is j/(n−1).
func share(j, n int) float64 { return float64(j) / math.Max(1, float64(n-1)) }

// powers returns base^share(j) for each j.
func powers(base float64, n int) []float64 {
	p := make([]float64, n)
	for j := range p {
		p[j] = math.Pow(base, share(j, n))
	}
	return p
}

// oscillate is T_osz of the report, asymmetric T_asy.
func oscillate(x []float64) {
	for j, v := range x {
		if v == 0 {
			continue
		}
		c1, c2, l := 10.0, 7.9, math.Log(math.Abs(v))
		if v < 0 {
			c1, c2 = 5.5, 3.1
		}
		x[j] = math.Copysign(math.Exp(l+0.049*(math.Sin(c1*l)+math.Sin(c2*l))), v)
	}
}

func asymmetric(beta float64, x []float64) {
	for j, v := range x {
		if v > 0 {
			x[j] = math.Pow(v, 1+beta*share(j, len(x))*math.Sqrt(v))
		}
	}
}

func landscapes() []landscape {
	return []landscape{
		{"sphere", func(n int, w *world) func(x []float64) float64 {
			return func(x []float64) float64 { z := w.from(w.q, x, w.best); return inner(z, z) }
		}},
		{"ellipsoid", func(n int, w *world) func(x []float64) float64 {
			weight := powers(1e6, n)
			return func(x []float64) float64 {
				z, s := w.from(w.q, x, w.best), 0.0
				oscillate(z)
				for j, v := range z {
					s += weight[j] * v * v
				}
				return s
			}
		}},
		{"discus", func(n int, w *world) func(x []float64) float64 {
			return func(x []float64) float64 {
				z := w.from(w.q, x, w.best)
				oscillate(z)
				return inner(z, z) + (1e6-1)*z[0]*z[0]
			}
		}},
		{"linear slope", func(n int, w *world) func(x []float64) float64 { // its minimum is a corner of the box
			weight := powers(10, n)
			return func(x []float64) float64 {
				s := 0.0
				for j, v := range x {
					s += weight[j] * (5 - w.signed[j]*v)
				}
				return s
			}
		}},
		{"step ellipsoid", func(n int, w *world) func(x []float64) float64 {
			stretch := powers(math.Sqrt(10), n)
			weight := powers(100, n)
			return func(x []float64) float64 {
				z := w.from(w.r, x, w.best)
				first := 0.0
				for j := range z {
					z[j] *= stretch[j]
					if j == 0 {
						first = math.Abs(z[0])
					}
					if math.Abs(z[j]) > 0.5 {
						z[j] = math.Floor(0.5 + z[j])
					} else {
						z[j] = math.Floor(0.5+10*z[j]) / 10
					}
				}
				z = turn(w.q, z)
				s := 0.0
				for j, v := range z {
					s += weight[j] * v * v
				}
				return 0.1 * math.Max(first/1e4, s)
			}
		}},
		{"Rosenbrock", func(n int, w *world) func(x []float64) float64 {
			scale := math.Max(1, math.Sqrt(float64(n))/8)
			return func(x []float64) float64 {
				z, s := w.from(w.q, x, w.best), 0.0
				for j := range z {
					z[j] = scale*z[j] + 1
				}
				for j := range n - 1 {
					s += 100*sq(z[j]*z[j]-z[j+1]) + sq(z[j]-1)
				}
				return s
			}
		}},
		{"sharp ridge", func(n int, w *world) func(x []float64) float64 {
			stretch := powers(math.Sqrt(10), n)
			return func(x []float64) float64 {
				z := w.from(w.r, x, w.best)
				for j := range z {
					z[j] *= stretch[j]
				}
				z = turn(w.q, z)
				return z[0]*z[0] + 100*math.Sqrt(math.Max(0, inner(z[1:], z[1:])))
			}
		}},
		{"different powers", func(n int, w *world) func(x []float64) float64 {
			return func(x []float64) float64 {
				z, s := w.from(w.q, x, w.best), 0.0
				for j, v := range z {
					s += math.Pow(math.Abs(v), 2+4*share(j, n))
				}
				return math.Sqrt(s)
			}
		}},
		{"Rastrigin", func(n int, w *world) func(x []float64) float64 {
			stretch := powers(math.Sqrt(10), n)
			return func(x []float64) float64 {
				z := w.from(w.r, x, w.best)
				oscillate(z)
				asymmetric(0.2, z)
				z = turn(w.q, z)
				for j := range z {
					z[j] *= stretch[j]
				}
				z = turn(w.r, z)
				s := 10 * float64(n)
				for _, v := range z {
					s -= 10 * math.Cos(2*math.Pi*v)
				}
				return s + inner(z, z)
			}
		}},
		{"Schaffer F7", func(n int, w *world) func(x []float64) float64 {
			stretch := powers(math.Sqrt(10), n)
			return func(x []float64) float64 {
				z := w.from(w.r, x, w.best)
				asymmetric(0.5, z)
				z = turn(w.q, z)
				for j := range z {
					z[j] *= stretch[j]
				}
				s := 0.0
				for j := range n - 1 {
					r := math.Hypot(z[j], z[j+1])
					s += math.Sqrt(r) * (1 + sq(math.Sin(50*math.Pow(r, 0.2))))
				}
				return sq(s / float64(n-1))
			}
		}},
		{"Griewank", func(n int, w *world) func(x []float64) float64 {
			return func(x []float64) float64 {
				z, product := w.from(w.q, x, w.best), 1.0
				for j := range z {
					z[j] *= 20
					product *= math.Cos(z[j] / math.Sqrt(float64(j+1)))
				}
				return inner(z, z)/4000 - product + 1
			}
		}},
		{"Gallagher, 21 peaks", func(n int, w *world) func(x []float64) float64 {
			const peaks = 21
			centre, height, shape := make([][]float64, peaks), make([]float64, peaks), make([][]float64, peaks)
			u := make([]float64, 2*n+1)
			for i := range peaks {
				centre[i], shape[i] = make([]float64, n), make([]float64, n)
				w.g.Uniforms(u)
				alpha := math.Pow(1000, 2*u[2*n])
				height[i] = 1.1 + 8*float64(i-1)/(peaks-2)
				if i == 0 {
					height[i], alpha = 10, 1e6
				}
				for j := range n {
					centre[i][j] = -4.9 + 9.8*u[j]
					shape[i][j] = math.Pow(alpha, u[n+j]/2) / math.Pow(alpha, 0.25)
				}
			}
			copy(centre[0], w.best)
			return func(x []float64) float64 {
				best := 0.0
				for i := range peaks {
					z, s := w.from(w.r, x, centre[i]), 0.0
					for j, v := range z {
						s += shape[i][j] * v * v
					}
					best = math.Max(best, height[i]*math.Exp(-s/(2*float64(n))))
				}
				d := []float64{10 - best}
				if d[0] <= 0 {
					return 0
				}
				oscillate(d)
				return d[0] * d[0]
			}
		}},
	}
}

// instance returns the landscape as a problem, and where its minimum is; of the step ellipsoid and the slope the last digits of
// that place do not matter.
func (l landscape) instance(n int, seed uint64) Objective {
	f := l.make(n, newWorld(n, seed))
	lower, upper := repeat(n, -5), repeat(n, 5)
	return Objective{Lower: lower, Upper: upper, Function: func(_, x []float64) (float64, error) { return f(x), nil }}
}
