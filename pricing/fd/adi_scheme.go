package fd

import "math"

// ADIScheme is an alternating direction implicit scheme: each of the two directions is solved for implicitly, one after the
// other, and the mixed derivative is taken explicitly. The operators are F = F₀ + F₁ + F₂ (mixed, asset, second variable),
// the forms those of in 't Hout and Foulon, "ADI finite difference schemes for option pricing in the Heston model with
// correlation", International Journal of Numerical Analysis and Modeling 7 (2010), section 2.2.
type ADIScheme int

// The schemes. Y₀ = U + Δt·F(U) and Y_k = Y_{k−1} + θΔt(F_k(Y_k) − F_k(U)) are common to all.
const (
	// HundsdorferVerwer corrects Y₀ by ½Δt(F(Y₂) − F(U)) and sweeps again about Y₂, with θ = 1 − √2/2. It is of second order. It is
	// the default because with this θ it is L-stable in each direction alone: it smooths the kinks of payoffs by itself, where the
	// others must be helped by half steps of first order, and so errs several times less at like cost. Where the drift of the
	// second variable outweighs its noise from node to node, as with a volatility of variance near zero, this θ is not stable
	// for long steps, and the paper's other choice θ = ½ + √3/6 takes its place.
	HundsdorferVerwer ADIScheme = iota
	// ModifiedCraigSneyd corrects Y₀ by θΔt(F₀(Y₂) − F₀(U)) + (½−θ)Δt(F(Y₂) − F(U)) and sweeps again about U, with θ = 1/3 (in 't
	// Hout and Welfert 2009). It is of second order, and stable for every coefficient and step.
	ModifiedCraigSneyd
	// CraigSneyd corrects Y₀ by ½Δt(F₀(Y₂) − F₀(U)), with θ = ½. It is of second order; it damps rough data little.
	CraigSneyd
	// Douglas ends with Y₂, with θ = ½. It costs half as much, and is of first order unless the correlation is zero.
	Douglas
)

var adiNames = [...]string{"Hundsdorfer-Verwer", "modified Craig-Sneyd", "Craig-Sneyd", "Douglas"}

// String returns the scheme's name.
func (s ADIScheme) String() string { return nameOf(adiNames[:], int(s), "ADIScheme") }

// MarshalText writes the scheme's name.
func (s ADIScheme) MarshalText() ([]byte, error) { return textOf(adiNames[:], int(s), "ADIScheme") }

// UnmarshalText reads a scheme's name.
func (s *ADIScheme) UnmarshalText(text []byte) error {
	return fromText(s, adiNames[:], text, "ADIScheme")
}

// adiWeights are a scheme by what its two stages add of the operators, those of a step:
//
//	r = U + F₀ + (1−θ)F₁ + F₂,   solve by θF₁, take off θF₂(U), solve by θF₂: Y₂;
//	r = U + e·F(U) + w·F(Y₂),    solve, take off θF₂ of Y₂ or, if keep, of U, solve.
type adiWeights struct {
	theta      float64
	e0, e1, e2 float64
	w0, w1, w2 float64
	once, keep bool
	smooth     bool // damps what is rough by itself
}

// weights returns the scheme's, those that are stable without noise if steady.
func (s ADIScheme) weights(steady bool) adiWeights {
	switch s {
	case HundsdorferVerwer:
		theta := 1 - 0.5*math.Sqrt2
		if steady {
			theta = 0.5 + math.Sqrt(3)/6
		}
		return adiWeights{theta: theta, e0: 0.5, e1: 0.5, e2: 0.5, w0: 0.5, w1: 0.5 - theta, w2: 0.5, smooth: !steady}
	case ModifiedCraigSneyd:
		return craigSneyd(1. / 3)
	case CraigSneyd:
		return craigSneyd(0.5)
	}
	return adiWeights{theta: 0.5, once: true}
}

func craigSneyd(theta float64) adiWeights {
	w := 0.5 - theta
	return adiWeights{theta: theta, e0: 0.5, e1: 1 - w - theta, e2: 1 - w, w0: 0.5, w1: w, w2: w, keep: true}
}

// Damping says whether the first step back from maturity, from an exercise date or from a look at a barrier is taken as two
// half steps by Douglas' scheme with θ = 1, which smooth what is rough there (Rannacher 1984, in the form of Haentjens and in 't
// Hout, "ADI schemes for pricing American options under the Heston model", Applied Mathematical Finance 22 (2015)).
type Damping int

// When to damp.
const (
	DampWhereNeeded Damping = iota // for every scheme but HundsdorferVerwer, which smooths by itself
	DampAlways
	DampNever
)

var dampingNames = [...]string{"where needed", "always", "never"}

// String returns the setting's name.
func (d Damping) String() string { return nameOf(dampingNames[:], int(d), "Damping") }

// MarshalText writes the setting's name.
func (d Damping) MarshalText() ([]byte, error) { return textOf(dampingNames[:], int(d), "Damping") }

// UnmarshalText reads a setting's name.
func (d *Damping) UnmarshalText(text []byte) error {
	return fromText(d, dampingNames[:], text, "Damping")
}

func (d Damping) needed(wt *adiWeights) bool {
	return d == DampAlways || d == DampWhereNeeded && !wt.smooth
}

// damping is the scheme of the half steps that smooth what a payoff, an exercise or a barrier leaves rough: Douglas' with
// θ = 1.
var damping = adiWeights{theta: 1, once: true}
