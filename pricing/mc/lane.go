package mc

import (
	"math"

	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/internal/vec/rng"
)

// lane draws the random numbers of one path in one step, of which there is no fixed number: those of rejection methods. Its
// counter is {draws, step, path and pass, block with bit 31 set}, its key the seed; [Philox] never has bit 127 of its counter
// set.
type lane struct {
	key        [2]uint64
	path, step uint32
	draws      uint32
	words      [4]uint32
}

// uniform returns a number in (0, 1).
func (g *lane) uniform() float64 {
	i := g.draws & 1
	if i == 0 {
		pass, block := uint32(g.key[1]>>40)<<10, uint32(g.key[1])|1<<31
		seed := [2]uint32{uint32(g.key[0]), uint32(g.key[0] >> 32)}
		g.words = rng.PhiloxBlock([4]uint32{g.draws >> 1, g.step, g.path | pass, block}, seed)
	}
	g.draws++
	w := uint64(g.words[2*i]) | uint64(g.words[2*i+1])<<32
	return float64(w>>11|1) * 0x1p-53
}

// normal returns a standard normal number.
func (g *lane) normal() float64 { return special.InvNormCDF(g.uniform()) }

// gamma returns a number of the gamma law of that shape and of scale one: Marsaglia and Tsang, "A simple method for generating
// gamma variables", ACM TOMS 26 (2000).
func (g *lane) gamma(shape float64) float64 {
	switch {
	case !(shape > 0):
		return 0
	case shape < 1:
		return g.gamma(shape+1) * math.Pow(g.uniform(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		z := g.normal()
		v := 1 + c*z
		if v <= 0 {
			continue
		}
		v = v * v * v
		if u := g.uniform(); math.Log(u) < 0.5*z*z+d*(1-v+math.Log(v)) {
			return d * v
		}
	}
}

// poisson returns a Poisson number: by inversion if the mean is small, otherwise by the transformed rejection PTRS of Hörmann,
// "The transformed rejection method for generating Poisson random variables", Insurance: Mathematics and Economics 12 (1993).
func (g *lane) poisson(mean float64) float64 {
	if !(mean > 0) {
		return 0
	}
	if mean < 10 {
		u, p := g.uniform(), math.Exp(-mean)
		n := 0.0
		for u > p && n < 1000 {
			u -= p
			n++
			p *= mean / n
		}
		return n
	}
	root, log := math.Sqrt(mean), math.Log(mean)
	b := 0.931 + 2.53*root
	a := -0.059 + 0.02483*b
	inverse := 1.1239 + 1.1328/(b-3.4)
	accept := 0.9277 - 3.6224/(b-2)
	for {
		u, v := g.uniform()-0.5, g.uniform()
		s := 0.5 - math.Abs(u)
		k := math.Floor((2*a/s+b)*u + mean + 0.43)
		if s >= 0.07 && v <= accept {
			return k
		}
		if k < 0 || s < 0.013 && v > s {
			continue
		}
		lg, _ := math.Lgamma(k + 1)
		if math.Log(v*inverse/(a/(s*s)+b)) <= k*log-mean-lg {
			return k
		}
	}
}

// bessel returns a number n of the Bessel law, whose probabilities are proportional to (z/2)^(2n)/(n!·Γ(n+ν+1)), by inversion
// from the mode outwards; ν > −1, z >= 0.
func (g *lane) bessel(nu, z float64) float64 {
	quarter := 0.25 * z * z
	mode := math.Floor(0.5 * (math.Sqrt(z*z+nu*nu) - nu))
	mode = max(mode, 0)
	const negligible = 1e-18
	sum, p := 1.0, 1.0
	for n := mode; ; n++ {
		p *= quarter / ((n + 1) * (n + 1 + nu))
		sum += p
		if p < negligible {
			break
		}
	}
	p = 1.0
	for n := mode; n > 0; n-- {
		p *= n * (n + nu) / quarter
		sum += p
		if p < negligible {
			break
		}
	}
	u := g.uniform()*sum - 1
	if u <= 0 {
		return mode
	}
	up, down, hi, lo := 1.0, 1.0, mode, mode
	for {
		up *= quarter / ((hi + 1) * (hi + 1 + nu))
		hi++
		if u -= up; u <= 0 {
			return hi
		}
		if lo > 0 {
			down *= lo * (lo + nu) / quarter
			lo--
			if u -= down; u <= 0 {
				return lo
			}
		}
		if up < negligible && (lo == 0 || down < negligible) {
			return mode
		}
	}
}
