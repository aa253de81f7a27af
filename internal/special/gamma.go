package special

import (
	"math"
	"math/cmplx"
)

// LogGamma returns ln Γ(z) for Re z > 0, the branch that is real on the positive axis and continuous in the half plane. The
// error is below 5e-15 + 1e-15·|ln Γ(z)|. Elsewhere it returns NaN.
//
// It is Stirling's series (DLMF 5.11.1) from |z| = 8 on, below that by the recurrence Γ(z+1) = zΓ(z).
func LogGamma(z complex128) complex128 {
	if !(real(z) > 0) || math.IsInf(real(z), 1) {
		return cmplx.NaN()
	}
	product, phase := complex(1, 0), 0.0
	for real(z)*real(z)+imag(z)*imag(z) < 64 {
		product *= z
		phase += cmplx.Phase(z)
		z++
	}
	shift := cmplx.Log(product)
	shift += complex(0, 2*math.Pi*math.Round((phase-imag(shift))/(2*math.Pi)))
	inv := 1 / z
	inv2 := inv * inv
	tail := complex(stirling[len(stirling)-1], 0)
	for k := len(stirling) - 2; k >= 0; k-- {
		tail = tail*inv2 + complex(stirling[k], 0)
	}
	const halfLog2Pi = 0.91893853320467274178
	return (z-0.5)*cmplx.Log(z) - z + halfLog2Pi + tail*inv - shift
}

// stirling are B(2k)/(2k(2k−1)), k = 1, 2, ...
var stirling = [...]float64{
	1. / 12, -1. / 360, 1. / 1260, -1. / 1680, 1. / 1188, -691. / 360360, 1. / 156, -3617. / 122400,
}
