package model

import (
	"fmt"
	"math"
	"math/cmplx"
	"testing"
)

// differentiable is what the test needs of a family.
type differentiable[M any] interface {
	Parametric[M]
	Characteristic
}

// checkCharGradient holds φ to CharFunc and its derivatives to those of the logarithm of CharFunc by Richardson's
// extrapolation of central differences, relative to the size of the derivative over all arguments.
func checkCharGradient[M differentiable[M]](t *testing.T, name string, m M, tol float64) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		x := m.ParameterValues()
		if len(x) != len(m.Parameters()) {
			t.Fatalf("%d values, %d names", len(x), len(m.Parameters()))
		}
		lower, upper := m.ParameterBounds()
		if len(lower) != len(x) || len(upper) != len(x) {
			t.Fatalf("bounds of %d and %d parameters, want %d", len(lower), len(upper), len(x))
		}
		for _, years := range []float64{0.01, 0.3, 1, 10} {
			var u []complex128
			for i := range 150 {
				u = append(u, complex(0.2*math.Exp(0.05*float64(i))-0.2, -0.5))
			}
			n := len(u)
			dst, grad := make([]complex128, n), make([][]complex128, len(x))
			for j := range grad {
				grad[j] = make([]complex128, n)
			}
			m.CharGradientTo(dst, grad, u, years)
			at := func(j int, h float64, u complex128) complex128 {
				moved := append([]float64(nil), x...)
				moved[j] += h
				return m.WithParameters(moved).CharFunc(u, years)
			}
			for i, ui := range u {
				if want := m.CharFunc(ui, years); cmplx.Abs(dst[i]-want) > 1e-13*(1+cmplx.Abs(want)) {
					t.Fatalf("t=%g u=%v: φ = %v, want %v", years, ui, dst[i], want)
				}
			}
			for j, p := range m.Parameters() {
				h := 2e-3 * math.Max(math.Abs(x[j]), 1e-2)
				want, largest := make([]complex128, n), 0.0
				for i, ui := range u {
					d := func(h float64) complex128 { return (at(j, h, ui) - at(j, -h, ui)) / complex(2*h, 0) }
					d1, d2, d4 := d(h), d(0.5*h), d(0.25*h)
					e1, e2 := (4*d2-d1)/3, (4*d4-d2)/3
					want[i] = (16*e2 - e1) / 15
					largest = math.Max(largest, cmplx.Abs(want[i]))
				}
				for i, ui := range u {
					if e := cmplx.Abs(grad[j][i] - want[i]); !(e <= tol*largest+1e-14/h) { // and the rounding of the differences
						t.Errorf("t=%g u=%v: ∂φ/∂%s = %v, want %v", years, ui, p, grad[j][i], want[i])
						break
					}
				}
			}
		}
	})
}

func TestCharGradient(t *testing.T) {
	market := Market{Spot: 100}
	jumps := Jumps{Lambda: 0.7, MuJ: -0.12, SigmaJ: 0.15}
	for i, m := range []Heston{
		{market, 0.04, 1.5, 0.06, 0.5, -0.7},
		{market, 0.09, 3, 0.05, 1.4, 0.3},
		{market, 0.2, 15.7, 0.075, 3.36, -0.51},
		{market, 0.04, 0.01, 0.04, 0.1, -0.95},
		{market, 0.02, 2, 0.03, 0.02, 0.1},
		{market, 0.08, 3, 0.1, 0.25, -0.8},
	} {
		checkCharGradient(t, fmt.Sprintf("Heston%d", i), m, 1e-7)
		checkCharGradient(t, fmt.Sprintf("Bates%d", i), Bates{m, jumps}, 1e-7)
	}
	checkCharGradient(t, "Merton", Merton{market, jumps, 0.2}, 1e-7)
	checkCharGradient(t, "Kou", Kou{market, 0.16, 1, 0.4, 10, 5}, 1e-7)
	checkCharGradient(t, "VarianceGamma", VarianceGamma{market, 0.12, 0.2, -0.14}, 1e-7)
	checkCharGradient(t, "VarianceGamma, thin clock", VarianceGamma{market, 0.2, 1e-3, -0.1}, 1e-7)
	checkCharGradient(t, "NIG", NIG{market, 15, -5, 0.5}, 1e-7)
	for _, y := range []float64{-0.7, 0, 0.1, 0.4999, 0.8, 1, 1.3, 1.9} {
		checkCharGradient(t, fmt.Sprintf("CGMY Y=%g", y), CGMY{market, 0.5, 5, 8, y}, 1e-7)
	}
}

// The derivatives are continuous as σ goes to zero, at every speed of reversion, and at zero that by ρ vanishes.
func TestCharGradientOfThinVolatilityOfVariance(t *testing.T) {
	u := []complex128{complex(0, -0.5), complex(1, -0.5), complex(20, -0.5), complex(300, -0.5)}
	gradient := func(m Heston, years float64) [][]complex128 {
		dst, grad := make([]complex128, len(u)), make([][]complex128, 5)
		for j := range grad {
			grad[j] = make([]complex128, len(u))
		}
		m.CharGradientTo(dst, grad, u, years)
		return grad
	}
	for _, years := range []float64{0.02, 1, 20} {
		for _, kappa := range []float64{0, 0.3, 4} {
			at := func(sigma float64) [][]complex128 {
				return gradient(Heston{Market{Spot: 1}, 0.04, kappa, 0.06, sigma, -0.6}, years)
			}
			zero := at(0)
			for _, sigma := range []float64{1e-12, 1e-5, 1e-3} {
				near := at(sigma)
				opposite := at(-sigma) // the law is that of ρ with the other sign: even in both
				for j := range near {
					for i := range u {
						middle := 0.5 * (near[j][i] + opposite[j][i])
						if kappa == 0 && sigma < 1e-9 && j == 1 { // θ·C, of which σ alone keeps digits then
							continue
						}
						// The even part moves with the square of σu.
						far := 1e-13 + 10*sigma*sigma*(1+real(u[i])*real(u[i]))*(1+years*years)
						if e := cmplx.Abs(middle - zero[j][i]); !(e <= far*(1+cmplx.Abs(zero[j][i]))) {
							t.Errorf("t=%g κ=%g σ=%g u=%v: ∂φ/∂%s is %v, and %v at zero", years, kappa, sigma, u[i], Heston{}.Parameters()[j], middle, zero[j][i])
						}
					}
				}
			}
			for i := range u {
				if zero[4][i] != 0 {
					t.Errorf("t=%g κ=%g u=%v σ=0: ∂φ/∂Rho is %v", years, kappa, u[i], zero[4][i])
				}
			}
		}
	}
}

// The square root of ξ² + σ²a goes through zero, where the closed forms divide by it.
func TestCharGradientNearARootOfZero(t *testing.T) {
	m := Heston{Market{Spot: 1}, 0.04, 0.4, 0.06, 0.5, -0.7}
	// d² = κ² + iu·σ(σ−2κρ) + u²σ²(1−ρ²) vanishes at an imaginary u; derivatives are analytic across it.
	a, b, c := m.Sigma*m.Sigma*(1-m.Rho*m.Rho), m.Sigma*(m.Sigma-2*m.Kappa*m.Rho), m.Kappa*m.Kappa
	y := (b - math.Sqrt(b*b+4*a*c)) / (2 * -a) // −a·y² − b·y + c = 0 for u = iy
	if !(math.Abs(-a*y*y-b*y+c) < 1e-12) {
		t.Fatalf("%g is no root", y)
	}
	const n = 4096
	for _, radius := range []float64{1e-9, 1e-3, 0.05, 0.3} {
		u := make([]complex128, n+1)
		for i := range n {
			u[i] = complex(0, y) + cmplx.Rect(radius, 2*math.Pi*float64(i)/n)
		}
		u[n] = complex(0, y) + complex(0.3*radius, 0.2*radius)
		dst, grad := make([]complex128, n+1), make([][]complex128, 5)
		for j := range grad {
			grad[j] = make([]complex128, n+1)
		}
		m.CharGradientTo(dst, grad, u, 0.5)
		for j, g := range grad { // Cauchy's formula from the circle
			sum := complex(0, 0)
			for i := range n {
				on := u[i] - complex(0, y)
				sum += g[i] * on / (u[i] - u[n])
			}
			sum /= n
			if e := cmplx.Abs(sum - g[n]); !(e <= 1e-10*(1e-3+cmplx.Abs(sum))) {
				t.Errorf("radius %g: ∂φ/∂%s = %v, want %v", radius, m.Parameters()[j], g[n], sum)
			}
		}
	}
}

func TestCharGradientAllocatesNothing(t *testing.T) {
	m := Heston{Market{Spot: 100}, 0.04, 1.5, 0.06, 0.5, -0.7}
	u, dst, grad := make([]complex128, 100), make([]complex128, 100), make([][]complex128, 8)
	for i := range u {
		u[i] = complex(float64(i), -0.5)
	}
	for j := range grad {
		grad[j] = make([]complex128, len(u))
	}
	var families = []CharGradient{m, Bates{m, Jumps{1, -0.1, 0.1}}, Kou{m.Market, 0.2, 1, 0.5, 10, 10}, CGMY{m.Market, 1, 5, 8, 0.5}}
	for _, f := range families {
		if n := testing.AllocsPerRun(10, func() { f.CharGradientTo(dst, grad, u, 1) }); n != 0 {
			t.Errorf("%T: %g allocations", f, n)
		}
	}
}

func BenchmarkCharGradient(b *testing.B) {
	m := Heston{Market{Spot: 100}, 0.04, 1.5, 0.06, 0.5, -0.7}
	const n = 64
	u, dst, grad := make([]complex128, n), make([]complex128, n), make([][]complex128, 5)
	for i := range u {
		u[i] = complex(float64(i), -0.5)
	}
	for j := range grad {
		grad[j] = make([]complex128, n)
	}
	b.Run("function", func(b *testing.B) {
		for b.Loop() {
			m.CharFuncTo(dst, u, 1)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/argument")
	})
	b.Run("gradient", func(b *testing.B) {
		for b.Loop() {
			m.CharGradientTo(dst, grad, u, 1)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/argument")
	})
}
