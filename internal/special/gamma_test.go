package special

import (
	"math"
	"math/cmplx"
	"testing"
)

// The values are from mpmath at 40 digits.
func TestLogGamma(t *testing.T) {
	for _, c := range []struct{ z, want complex128 }{
		{complex(1, 0), complex(0.0, 0.0)},
		{complex(0.5, 0), complex(0.572364942924700087, 0.0)},
		{complex(2.5, 3), complex(-1.47095461034884169, 2.82261563826079945)},
		{complex(0.001, 0.001), complex(6.56060447383755262, -0.785973734929653435)},
		{complex(0.01, -40), complex(-63.7204649657619911, -106.783528337811721)},
		{complex(1, 11.9), complex(-16.5352685555958557, 18.3492006719542138)},
		{complex(11.9, 1), complex(17.2147017118834929, 2.435210595803624)},
		{complex(12.1, 0.1), complex(17.7465765078853306, 0.245132671103507281)},
		{complex(30, -200), complex(-156.833717384080085, -903.834364890793204)},
		{complex(1000, 5000), complex(666.450253232135221, 39056.7317905002927)},
		{complex(1e-08, 0), complex(18.4206807381802089, 0.0)},
		{complex(0.2, 10000.0), complex(-15709.8074315272744, 82102.9324805304556)},
		{complex(5, 1000000.0), complex(-1570733.23805885256, 12815517.6265376613)},
	} {
		got := LogGamma(c.z)
		if !(cmplx.Abs(got-c.want) <= 5e-15+1e-15*cmplx.Abs(c.want)) {
			t.Errorf("ln Γ(%v) = %v, want %v", c.z, got, c.want)
		}
		if conj := LogGamma(cmplx.Conj(c.z)); conj != cmplx.Conj(got) {
			t.Errorf("ln Γ(%v) = %v, of the conjugate %v", c.z, got, conj)
		}
	}
	for x := 0.05; x < 40; x += 0.37 {
		if want, _ := math.Lgamma(x); math.Abs(real(LogGamma(complex(x, 0)))-want) > 5e-15+1e-15*math.Abs(want) {
			t.Errorf("ln Γ(%g) = %v, want %g", x, LogGamma(complex(x, 0)), want)
		}
	}
	for _, z := range []complex128{0, -1, -2 + 3i, cmplx.NaN(), cmplx.Inf()} {
		if got := LogGamma(z); !cmplx.IsNaN(got) {
			t.Errorf("ln Γ(%v) = %v, want NaN", z, got)
		}
	}
}
