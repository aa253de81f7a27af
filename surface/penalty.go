package surface

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/vec"
)

// PenaltySettings are the settings of a [PenaltyLattice]. The zero value is ready.
type PenaltySettings struct {
	Forward    float64 // what prices are scaled to, the same at every expiry; 0 means 100
	KMin, KMax float64 // log-moneyness of the first and the last strike; both 0 means −0.35 and 0.35
	Strikes    int     // evenly spaced in price; 0 means 21, at least 3

	// Softness τ rounds the hinge x⁺ to τ·ln(1 + exp(x/τ)), in units of prices for the calendar and of prices over squared
	// strikes for the butterflies. 0 means 1e-3.
	Softness      float64
	HardHinge     bool // take x⁺ itself; its derivative at 0 is 0
	SubtractFloor bool // less what the soft hinge costs at x = 0, τ·ln 2 a term; a clean surface is then below 0
}

// Penalties are the smoothed lattice penalties of a surface: 0 means free of arbitrage on the lattice, up to the floor
// of the soft hinge.
type Penalties struct {
	Butterfly float64 // BF, by the settings
	Calendar  float64 // CAL, by the settings

	HardButterfly, HardCalendar   float64 // with the hinge x⁺, whatever the settings
	FloorButterfly, FloorCalendar float64 // τ·ln 2 over the mean price; 0 with HardHinge
}

// SliceDerivative is the derivatives of a number by the parameters of one [Slice], each with the other two held.
type SliceDerivative struct{ Theta, Rho, Psi float64 }

// PenaltyLattice evaluates how far an eSSVI surface is from freedom of arbitrage on a lattice of expiries and strikes,
// smoothly in the parameters, as a term of an objective. With C the undiscounted calls at strikes K a step h apart, s the
// hinge and C̄ mean prices,
//
//	BF  = mean over expiries of mean over inner strikes of s(−(C(K+h) − 2C(K) + C(K−h))/h²) / C̄
//	CAL = mean over neighbouring expiries of mean over strikes of s(C_m(K) − C_{m+1}(K)) / C̄
//
// from Zhang (2025), arXiv:2510.04569, eqs. (7) and (8), where strikes are compared at equal K/F, so that carry does not
// count as arbitrage. C̄ is the mean price of the expiry, and of both expiries for CAL.
//
// The second difference is C_KK up to O(h²), so BF with the hard hinge is at most O(h²) on a clean smooth surface (and 0
// up to rounding where C is convex), and differs by O(h²) from that of the density with the soft one. CAL with the
// hard hinge is 0 on a surface that does not fall.
//
// A lattice holds its workspace: it allocates only when the number of slices rises, and is not safe for concurrent use.
type PenaltyLattice struct {
	set  PenaltySettings
	step float64   // h
	x, k []float64 // K/F and its logarithm

	price, slope    []float64 // C and ∂C/∂w, slice after slice
	adjoint         []float64 // ∂/∂C
	mean            []float64 // mean price of each slice
	root, d1, d2, p []float64 // one slice, and the hinges of one
	gradient        []wings   // ∂w by (θ, u, v), slice after slice
}

// NewPenaltyLattice checks the settings and lays out the strikes.
func NewPenaltyLattice(set PenaltySettings) (*PenaltyLattice, error) {
	const fn = "surface.NewPenaltyLattice"
	if set.Forward == 0 {
		set.Forward = 100
	}
	if set.KMin == 0 && set.KMax == 0 {
		set.KMin, set.KMax = -0.35, 0.35
	}
	if set.Strikes == 0 {
		set.Strikes = 21
	}
	if set.Softness == 0 {
		set.Softness = 1e-3
	}
	err := fault.First(
		fault.Positive(fn, "Forward", set.Forward), fault.Positive(fn, "Softness", set.Softness),
		fault.Between(fn, "KMin", set.KMin, -20, 20), fault.Between(fn, "KMax", set.KMax, -20, 20),
	)
	if err == nil && !(set.KMax > set.KMin) {
		err = fault.Arg(fn, "KMax", set.KMax, fmt.Sprintf("above KMin, %v", set.KMin))
	}
	if err == nil && set.Strikes < 3 {
		err = fault.Arg(fn, "Strikes", set.Strikes, "at least 3")
	}
	if err != nil {
		return nil, err
	}
	n := set.Strikes
	l := &PenaltyLattice{set: set, x: make([]float64, n), k: make([]float64, n)}
	low, high := math.Exp(set.KMin), math.Exp(set.KMax)
	for j := range l.x {
		l.x[j] = low + (high-low)*float64(j)/float64(n-1)
		l.k[j] = math.Log(l.x[j])
	}
	l.step = (high - low) / float64(n-1) * set.Forward
	l.root, l.d1, l.d2, l.p = make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	return l, nil
}

// Settings returns the settings with the defaults filled in.
func (l *PenaltyLattice) Settings() PenaltySettings { return l.set }

// Evaluate returns the penalties of slices in rising order of expiry. The slices need not be free of arbitrage.
func (l *PenaltyLattice) Evaluate(slices []Slice) (Penalties, error) {
	return l.evaluate(nil, nil, slices)
}

// Gradient returns the penalties and sets butterfly[m] and calendar[m] to the derivatives of Penalties.Butterfly and
// Penalties.Calendar by the parameters of slice m. Both are as long as slices.
func (l *PenaltyLattice) Gradient(butterfly, calendar []SliceDerivative, slices []Slice) (Penalties, error) {
	if len(butterfly) != len(slices) || len(calendar) != len(slices) {
		panic(fmt.Sprintf("surface: PenaltyLattice.Gradient: %d and %d derivatives for %d slices",
			len(butterfly), len(calendar), len(slices)))
	}
	return l.evaluate(butterfly, calendar, slices)
}

func (l *PenaltyLattice) check(slices []Slice) error {
	const fn = "surface.PenaltyLattice"
	if len(slices) == 0 {
		return fault.Arg(fn, "len(slices)", 0, "at least one slice")
	}
	for m := range slices {
		s := &slices[m]
		switch {
		case !(s.Tau > 0) || math.IsInf(s.Tau, 1) || (m > 0 && !(s.Tau > slices[m-1].Tau)):
			return fault.Arg(fn, fmt.Sprintf("Tau of slice %d", m), s.Tau, "finite, > 0 and above that of the slice before it")
		case !(s.Theta > 0) || math.IsInf(s.Theta, 1):
			return fault.Arg(fn, fmt.Sprintf("Theta of slice %d", m), s.Theta, "finite and > 0")
		case !(math.Abs(s.Rho) < 1):
			return fault.Arg(fn, fmt.Sprintf("Rho of slice %d", m), s.Rho, "in (-1, 1)")
		case !(s.Psi >= 0) || math.IsInf(s.Psi, 1):
			return fault.Arg(fn, fmt.Sprintf("Psi of slice %d", m), s.Psi, "finite and >= 0")
		}
	}
	return nil
}

func (l *PenaltyLattice) evaluate(butterfly, calendar []SliceDerivative, slices []Slice) (Penalties, error) {
	if err := l.check(slices); err != nil {
		return Penalties{}, err
	}
	n, count := len(l.x), len(slices)
	if len(l.mean) < count {
		l.price, l.slope, l.adjoint = make([]float64, n*count), make([]float64, n*count), make([]float64, n*count)
		l.mean, l.gradient = make([]float64, count), make([]wings, n*count)
	}
	wanted := butterfly != nil
	for m := range slices {
		l.priceSlice(m, &slices[m], wanted)
		if !(l.mean[m] > 0) {
			return Penalties{}, fault.Arg("surface.PenaltyLattice", fmt.Sprintf("mean price of slice %d", m), l.mean[m],
				"> 0: strikes at which calls are worth something")
		}
	}
	var out Penalties
	l.butterflies(&out, count)
	if wanted {
		l.chain(butterfly, slices)
	}
	l.calendars(&out, count)
	if wanted {
		l.chain(calendar, slices)
	}
	return out, nil
}

// priceSlice fills the prices of slice m, and with them what the chain rule needs.
func (l *PenaltyLattice) priceSlice(m int, s *Slice, wanted bool) {
	n := len(l.x)
	w := s.wings()
	price := l.price[m*n : (m+1)*n]
	for j, k := range l.k {
		l.p[j] = w.variance(k)
	}
	vec.Sqrt(l.root, l.p)
	for j, k := range l.k {
		centre := -k / l.root[j]
		l.d1[j], l.d2[j] = centre+0.5*l.root[j], centre-0.5*l.root[j]
	}
	vec.NormCDF(price, l.d1)
	vec.NormCDF(l.p, l.d2)
	sum := 0.0
	for j, x := range l.x {
		price[j] = l.set.Forward * (price[j] - x*l.p[j])
		sum += price[j]
	}
	l.mean[m] = sum / float64(n)
	if !wanted {
		return
	}
	slope, gradient := l.slope[m*n:(m+1)*n], l.gradient[m*n:(m+1)*n]
	vec.NormPDF(slope, l.d1)
	for j, k := range l.k {
		slope[j] *= 0.5 * l.set.Forward / l.root[j]
		gradient[j] = w.gradient(k)
	}
}

// hinges sets value to the hinge of each x and slope to its derivative.
func (l *PenaltyLattice) hinges(value, slope, x []float64) {
	if l.set.HardHinge {
		for j, v := range x {
			value[j], slope[j] = 0, 0
			if v > 0 {
				value[j], slope[j] = v, 1
			}
		}
		return
	}
	for j, v := range x {
		slope[j] = -math.Abs(v) / l.set.Softness
	}
	vec.Exp(slope, slope)
	vec.Log1p(value, slope)
	for j, v := range x {
		e := slope[j]
		value[j] *= l.set.Softness
		if v > 0 {
			value[j] += v
			slope[j] = 1 / (1 + e)
		} else {
			slope[j] = e / (1 + e)
		}
	}
}

// floor returns what the hinge costs at 0.
func (l *PenaltyLattice) floor() float64 {
	if l.set.HardHinge {
		return 0
	}
	return l.set.Softness * math.Ln2
}

// butterflies adds BF up and leaves its derivatives by the prices in adjoint.
func (l *PenaltyLattice) butterflies(out *Penalties, count int) {
	n := len(l.x)
	inner := float64(n - 2)
	perStep := 1 / (l.step * l.step)
	floor, shift := l.floor(), 0.0
	if l.set.SubtractFloor {
		shift = floor
	}
	for m := range count {
		c, a := l.price[m*n:(m+1)*n], l.adjoint[m*n:(m+1)*n]
		clear(a)
		share := 1 / (float64(count) * l.mean[m])
		x, value, slope := l.root[:n-2], l.d1[:n-2], l.d2[:n-2]
		for j := range x {
			x[j] = -((c[j+2] - c[j+1]) - (c[j+1] - c[j])) * perStep
		}
		l.hinges(value, slope, x)
		sum, hard := 0.0, 0.0
		for j := range x {
			sum += value[j] - shift
			hard += max(x[j], 0)
			g := slope[j] * perStep * share / inner
			a[j] -= g
			a[j+1] += 2 * g
			a[j+2] -= g
		}
		sum, hard = sum/inner*share, hard/inner*share
		out.Butterfly += sum
		out.HardButterfly += hard
		out.FloorButterfly += floor * share
		l.spread(a, -sum/l.mean[m])
	}
}

// calendars adds CAL up and leaves its derivatives by the prices in adjoint.
func (l *PenaltyLattice) calendars(out *Penalties, count int) {
	n := len(l.x)
	clear(l.adjoint[:n*count])
	floor, shift := l.floor(), 0.0
	if l.set.SubtractFloor {
		shift = floor
	}
	for m := range count - 1 {
		near, far := l.price[m*n:(m+1)*n], l.price[(m+1)*n:(m+2)*n]
		a, b := l.adjoint[m*n:(m+1)*n], l.adjoint[(m+1)*n:(m+2)*n]
		mean := 0.5 * (l.mean[m] + l.mean[m+1])
		share := 1 / (float64(count-1) * mean * float64(n))
		x, value, slope := l.root, l.d1, l.d2
		for j := range x {
			x[j] = near[j] - far[j]
		}
		l.hinges(value, slope, x)
		sum, hard := 0.0, 0.0
		for j := range x {
			sum += value[j] - shift
			hard += max(x[j], 0)
			a[j] += slope[j] * share
			b[j] -= slope[j] * share
		}
		out.Calendar += sum * share
		out.HardCalendar += hard * share
		out.FloorCalendar += floor * share * float64(n)
		byMean := -0.5 * sum * share / mean
		l.spread(a, byMean)
		l.spread(b, byMean)
	}
}

// spread adds the derivative by a mean price to those by the prices.
func (l *PenaltyLattice) spread(a []float64, byMean float64) {
	byMean /= float64(len(a))
	for j := range a {
		a[j] += byMean
	}
}

// chain carries adjoint from prices to parameters. By ρ and ψ, u = ψ(1+ρ) and v = ψ(1−ρ).
func (l *PenaltyLattice) chain(dst []SliceDerivative, slices []Slice) {
	n := len(l.x)
	for m := range dst {
		a, slope, gradient := l.adjoint[m*n:(m+1)*n], l.slope[m*n:(m+1)*n], l.gradient[m*n:(m+1)*n]
		var theta, u, v float64
		for j := range a {
			byVariance := a[j] * slope[j]
			theta += byVariance * gradient[j].theta
			u += byVariance * gradient[j].u
			v += byVariance * gradient[j].v
		}
		s := &slices[m]
		dst[m] = SliceDerivative{Theta: theta, Rho: s.Psi * (u - v), Psi: (1+s.Rho)*u + (1-s.Rho)*v}
	}
}
