package calibrate

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// Loss says how much a residual counts. The zero value is least squares.
type Loss struct {
	Kind  LossKind
	Scale float64 // s: the size from which a residual counts for less than its square; 0 means 1
}

// LossKind is a function ρ of z = (r/s)². All are z near zero.
type LossKind int8

// The losses, from the least robust to the most.
const (
	Squares LossKind = iota // ρ = z
	SoftL1                  // ρ = 2(√(1+z) − 1): a smooth absolute value
	Huber                   // ρ = z up to 1, 2√z − 1 beyond: Huber (1964)
	Cauchy                  // ρ = ln(1+z): an outlier hardly counts
)

var lossNames = [...]string{"Squares", "SoftL1", "Huber", "Cauchy"}

// String returns the name of the constant.
func (k LossKind) String() string {
	if k >= 0 && int(k) < len(lossNames) {
		return lossNames[k]
	}
	return fmt.Sprintf("LossKind(%d)", int8(k))
}

// MarshalText writes the name of the constant.
func (k LossKind) MarshalText() ([]byte, error) {
	if k < 0 || int(k) >= len(lossNames) {
		return nil, fault.Arg("calibrate.LossKind", "kind", int8(k), "a loss of the package")
	}
	return []byte(k.String()), nil
}

func (l Loss) validate(fn string) error {
	if l.Kind < 0 || int(l.Kind) >= len(lossNames) {
		return fault.Arg(fn, "Loss.Kind", int8(l.Kind), "a loss of the package")
	}
	return fault.NonNegative(fn, "Loss.Scale", l.Scale)
}

func (l Loss) scale() float64 {
	if l.Scale == 0 {
		return 1
	}
	return l.Scale
}

// rho returns ρ(z) and ρ'(z).
func (k LossKind) rho(z float64) (value, slope float64) {
	switch k {
	case SoftL1:
		root := math.Sqrt(1 + z)
		return 2 * z / (1 + root), 1 / root
	case Huber:
		if z <= 1 {
			return z, 1
		}
		root := math.Sqrt(z)
		return 2*root - 1, 1 / root
	case Cauchy:
		return math.Log1p(z), 1 / (1 + z)
	}
	return z, 1
}

// cost returns ½·Σ s²ρ(r²/s²), NaN if a residual is.
func (l Loss) cost(r []float64) float64 {
	total := 0.0
	if l.Kind == Squares {
		for _, v := range r {
			total += v * v
		}
		return 0.5 * total
	}
	s := l.scale()
	for _, v := range r {
		value, _ := l.Kind.rho(v / s * (v / s))
		total += value
	}
	return 0.5 * s * s * total
}

// reweigh multiplies each residual and its row of the Jacobian by √ρ', so that least squares on the result has the gradient
// of the loss: iteratively reweighted least squares.
func (l Loss) reweigh(r, jac []float64) {
	if l.Kind == Squares {
		return
	}
	s, n := l.scale(), len(jac)/len(r)
	for i, v := range r {
		_, slope := l.Kind.rho(v / s * (v / s))
		w := math.Sqrt(slope)
		r[i] *= w
		for j := range n {
			jac[i*n+j] *= w
		}
	}
}
