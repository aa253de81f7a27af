package special

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
)

func TestGoldenBivariateNormal(t *testing.T) {
	golden.Run(t, "papers/bivariate_normal", func(t *testing.T, c golden.Case) {
		c.Check(t, "cdf", BivariateNormCDF(c.Float(t, "h"), c.Float(t, "k"), c.Float(t, "rho")))
	})
}

// conditional is ∫ φ(x)·Φ((k−ρx)/√(1−ρ²)) dx up to h by the trapezoidal rule in t, x = h − e^(t−e^(−t)), which converges faster
// than any power; it shares nothing with the code under test but Φ.
func conditional(h, k, rho float64) float64 {
	s := math.Sqrt((1 - rho) * (1 + rho))
	// Where the conditional probability turns, a fine step is needed: its width is s.
	step := 1.0 / 64
	for w := s; w < 0.5; w *= 2 {
		step /= 2
	}
	sum := 0.0
	for t := -6.0; t < 4.2; t += step {
		y := math.Exp(t - math.Exp(-t))
		x := h - y
		sum += NormPDF(x) * NormCDF((k-rho*x)/s) * y * (1 + math.Exp(-t))
	}
	return sum * step
}

func TestBivariateAgainstConditional(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	off, at := 0.0, [3]float64{}
	for i := range 600 {
		h, k := 3*rng.NormFloat64(), 3*rng.NormFloat64()
		rho := 2*rng.Float64() - 1
		switch i % 4 {
		case 1:
			rho = math.Copysign(0.925+1e-3*rng.NormFloat64(), rho)
		case 2:
			rho = math.Copysign(1-0.07*rng.Float64(), rho)
			k = math.Copysign(1, rho)*h + 0.3*rng.NormFloat64()
		}
		h = min(h, 6) // from where x = h − e^… would leave out nothing, but step over the density
		if d := math.Abs(BivariateNormCDF(h, k, rho) - conditional(h, k, rho)); d > off {
			off, at = d, [3]float64{h, k, rho}
		}
	}
	t.Logf("worst difference %.2g at %v", off, at)
	if off > 2e-15 { // the sum of 1000 terms has an error of its own
		t.Errorf("off by %.3g at %v", off, at)
	}
}

// Identities over the whole domain: the symmetries, the four quadrants sum to one, ρ = 0 and ±1, growth in ρ.
func TestBivariateIdentities(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for i := range 20000 {
		h, k := 4*rng.NormFloat64(), 4*rng.NormFloat64()
		rho := 2*rng.Float64() - 1
		switch i % 8 {
		case 1:
			rho = math.Copysign(1-math.Pow(10, -16*rng.Float64()), rho)
		case 2:
			rho = math.Copysign(1-math.Pow(10, -16*rng.Float64()), rho)
			k = math.Copysign(1, rho)*h + math.Pow(10, -8*rng.Float64())
		case 3:
			rho = 0
		case 4:
			h, k = 20*h, 20*k
		}
		p := BivariateNormCDF(h, k, rho)
		if !(p >= 0 && p <= math.Min(NormCDF(h), NormCDF(k))) {
			t.Fatalf("Φ₂(%v, %v; %v) = %v is out of bounds", h, k, rho, p)
		}
		if q := BivariateNormCDF(k, h, rho); math.Abs(p-q) > 4e-16 {
			t.Errorf("Φ₂(%v, %v; %v): %v, exchanged %v", h, k, rho, p, q)
		}
		if sum := p + BivariateNormCDF(h, -k, -rho); math.Abs(sum-NormCDF(h)) > 1e-15 {
			t.Errorf("Φ₂(%v, ±%v; ±%v) sum to Φ(h) and %.3g", h, k, rho, sum-NormCDF(h))
		}
		sum := p + BivariateNormCDF(-h, k, -rho) + BivariateNormCDF(h, -k, -rho) + BivariateNormCDF(-h, -k, rho)
		if math.Abs(sum-1) > 2e-15 {
			t.Errorf("the quadrants at %v, %v; %v sum to 1 and %.3g", h, k, rho, sum-1)
		}
		if rho == 0 && math.Abs(p-NormCDF(h)*NormCDF(k)) > 1e-16 {
			t.Errorf("independent, %v, %v: %v", h, k, p)
		}
		if up := BivariateNormCDF(h, k, math.Min(1, rho+0.01)); up < p-1e-15 {
			t.Errorf("Φ₂(%v, %v; %v) falls in ρ by %.3g", h, k, rho, p-up)
		}
	}
	for _, c := range []struct{ h, k, rho, want float64 }{
		{0.3, 1, 1, NormCDF(0.3)}, {0.3, 1, -1, NormCDF(1) - NormCDF(-0.3)}, {0.3, -1, -1, 0}, {0, 0, -1, 0}, {0, 0, 1, 0.5},
		{math.Inf(1), 1, 0.5, NormCDF(1)}, {1, math.Inf(1), -1, NormCDF(1)}, {math.Inf(-1), 1, 0.5, 0},
		{math.Inf(1), math.Inf(1), 0.9, 1}, {0, 0, math.Sqrt(0.5), 0.375}, {0, 0, -math.Sqrt(0.5), 0.125},
	} {
		if got := BivariateNormCDF(c.h, c.k, c.rho); math.Abs(got-c.want) > 2e-16 {
			t.Errorf("Φ₂(%v, %v; %v) = %v, want %v", c.h, c.k, c.rho, got, c.want)
		}
	}
	for _, c := range [][3]float64{{math.NaN(), 0, 0}, {0, math.NaN(), 0}, {0, 0, math.NaN()}, {0, 0, 1.0000001}, {0, 0, -2}, {math.Inf(1), math.NaN(), 0}} {
		if got := BivariateNormCDF(c[0], c[1], c[2]); !math.IsNaN(got) {
			t.Errorf("Φ₂(%v) = %v, want NaN", c, got)
		}
	}
}

func BenchmarkBivariateNormCDF(b *testing.B) {
	for _, rho := range []float64{0.5, 0.99} {
		b.Run(map[float64]string{0.5: "angle", 0.99: "edge"}[rho], func(b *testing.B) {
			for b.Loop() {
				BivariateNormCDF(0.3, -0.2, rho)
			}
		})
	}
}
