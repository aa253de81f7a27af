package model

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
)

// SABR is the stochastic αβρ model of Hagan, Kumar, Lesniewski and Woodward, "Managing smile risk", Wilmott (September 2002),
// with a shift b: for each expiry the forward moves as
//
//	dF = a·(F + b)^β dW,   da = ν·a dZ,   dW dZ = ρ dt,   a(0) = α.
//
// It is a smile of volatilities by an asymptotic expansion, whose error grows with ν²t and in the wings, where an expansion may
// imply a negative density: it is not a law, and has no other capability than volatilities. They are NaN where forward
// or strike plus shift is not positive, and where the expansion is not positive.
type SABR struct {
	Market                  // Spot > −Shift
	Alpha     float64       // α: volatility of today in units of (F+b)^(1−β) per square root of a year, > 0
	Beta      float64       // β: in [0, 1]
	Nu        float64       // ν: volatility of the volatility, >= 0
	Rho       float64       // ρ: in (−1, 1)
	Shift     float64       // b: what forward and strike are raised by
	Expansion SABRExpansion // the zero value is HaganLognormal
}

// SABRExpansion is a formula for the volatilities of [SABR].
type SABRExpansion int8

// The expansions. With f and k the forward and the strike raised by the shift, and L = ln(f/k):
const (
	// HaganLognormal is the Black volatility of f: Hagan et al. (2002) eq. 2.17a, z = (ν/α)(fk)^((1−β)/2)·L.
	HaganLognormal SABRExpansion = iota
	// Obloj is the same with the leading term of Obloj, "Fine-tune your smile" (2008), z = (ν/α)(f^(1−β)−k^(1−β))/(1−β): exact as
	// t → 0, and with less arbitrage at low strikes.
	Obloj
	// HaganNormal is the normal volatility of the forward: Hagan et al. (2002) eq. A.59, with z as in 2.17a.
	HaganNormal
)

var expansionNames = [...]string{"HaganLognormal", "Obloj", "HaganNormal"}

// String returns the name of the constant.
func (e SABRExpansion) String() string {
	if e >= 0 && int(e) < len(expansionNames) {
		return expansionNames[e]
	}
	return fmt.Sprintf("SABRExpansion(%d)", int8(e))
}

// MarshalText writes the name of the constant.
func (e SABRExpansion) MarshalText() ([]byte, error) {
	if e < 0 || int(e) >= len(expansionNames) {
		return nil, fault.Arg("model.SABRExpansion", "expansion", int8(e), "an expansion of the package")
	}
	return []byte(e.String()), nil
}

// UnmarshalText reads the name of a constant.
func (e *SABRExpansion) UnmarshalText(text []byte) error {
	for i, name := range expansionNames {
		if string(text) == name {
			*e = SABRExpansion(i)
			return nil
		}
	}
	return fault.Arg("model.SABRExpansion", "expansion", fmt.Sprintf("%q", text), "an expansion of the package")
}

var (
	_ Lognormal = SABR{}
	_ Normal    = SABR{}
)

// Validate returns an error that names the first parameter outside its domain.
func (m SABR) Validate() error {
	const fn = "model.SABR"
	if err := fault.First(
		fault.Finite(fn, "Spot", m.Spot), fault.Finite(fn, "Shift", m.Shift), fault.Positive(fn, "Spot + Shift", m.Spot+m.Shift),
		fault.Positive(fn, "Alpha", m.Alpha), fault.Between(fn, "Beta", m.Beta, 0, 1), fault.NonNegative(fn, "Nu", m.Nu),
	); err != nil {
		return err
	}
	if !(m.Rho > -1 && m.Rho < 1) {
		return fault.Arg(fn, "Rho", m.Rho, "in (-1, 1)")
	}
	if m.Expansion < 0 || int(m.Expansion) >= len(expansionNames) {
		return fault.Arg(fn, "Expansion", int8(m.Expansion), "an expansion of the package")
	}
	return nil
}

// QuotedVol returns the volatility that the expansion is one of: the Black volatility of the raised forward, or the
// normal one under [HaganNormal]. It is smooth in all parameters, at the money and for ν = 0 and ρ → ±1 too.
func (m SABR) QuotedVol(strike, t float64) float64 { return m.quoted(m.Forward(t), strike, t) }

func (m SABR) quoted(forward, strike, t float64) float64 {
	f, k := forward+m.Shift, strike+m.Shift
	if !(f > 0 && k > 0) {
		return math.NaN()
	}
	e := 1 - m.Beta
	l := logRatio(f, k)
	geometric := math.Pow(f, 0.5*e) * math.Pow(k, 0.5*e) // (fk)^((1−β)/2)
	el := e * l
	lead := m.Alpha / geometric / wings(el)
	z := m.Nu / m.Alpha * geometric * l
	h := e * e * m.Alpha * m.Alpha / (24 * geometric * geometric)
	switch m.Expansion {
	case Obloj:
		arc := math.Pow(k, e) * expm1Over(el) // (f^(1−β) − k^(1−β))/((1−β)L)
		lead = m.Alpha / arc
		z = m.Nu / m.Alpha * arc * l
	case HaganNormal:
		lead *= math.Sqrt(f) * math.Sqrt(k) * wings(l)
		h = -m.Beta * (2 - m.Beta) * m.Alpha * m.Alpha / (24 * geometric * geometric)
	}
	h += 0.25*m.Rho*m.Beta*m.Nu*m.Alpha/geometric + (2-3*m.Rho*m.Rho)/24*m.Nu*m.Nu
	if vol := lead * skew(z, m.Rho) * (1 + h*t); vol > 0 {
		return vol
	}
	return math.NaN()
}

// logRatio is ln(f/k), exact to rounding also where the two are near.
func logRatio(f, k float64) float64 {
	if d := (f - k) / k; math.Abs(d) < 0.5 {
		return math.Log1p(d)
	}
	return math.Log(f) - math.Log(k)
}

// wings is 1 + x²/24 + x⁴/1920.
func wings(x float64) float64 { x *= x; return 1 + x*(1.0/24+x/1920) }

// expm1Over is (e^x − 1)/x.
func expm1Over(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Expm1(x) / x
}

// skew is z/x(z) of Hagan et al., x(z) = ln((√(1−2ρz+z²) + z − ρ)/(1−ρ)) = 2·artanh(z/(1+R)) with R the root: in this form
// nothing cancels at the money or as ρ goes to ±1.
func skew(z, rho float64) float64 {
	r := math.Hypot(z-rho, math.Sqrt((1-rho)*(1+rho)))
	u := z / (1 + r)
	return 0.5 * (1 + r) * overArtanh(u, z, rho, r)
}

// overArtanh is u/artanh(u) for u = z/(1+R).
func overArtanh(u, z, rho, r float64) float64 {
	if math.Abs(u) < 0.5 {
		if u == 0 {
			return 1
		}
		return u / math.Atanh(u)
	}
	// artanh u = ½·ln((1+R+|z|)/(1+R−|z|)) in size, where ρ counts with the sign of z.
	if z < 0 {
		z, rho, u = -z, -rho, -u
	}
	gap := 1 + r - z
	if z > rho {
		gap = (1 - rho) * (1 + (1+rho)/(r+z-rho))
	}
	return 2 * u / math.Log((1+r+z)/gap)
}

// Volatility returns the Black volatility of the forward. Where the expansion is of another volatility, because of a shift or because
// it is a normal one, it is the one of equal price. It is NaN for a forward or a strike that is not positive, and where the
// price of the option out of the money is too small for a double.
func (m SABR) Volatility(strike, t float64) float64 {
	f := m.Forward(t)
	quoted := m.quoted(f, strike, t)
	switch {
	case m.Expansion != HaganNormal && m.Shift == 0:
		return quoted
	case !(f > 0 && strike > 0):
		return math.NaN()
	case t == 0: // as t → 0 the volatility of a diffusion goes to the harmonic mean of the local one
		l := logRatio(f, strike)
		if m.Expansion == HaganNormal {
			return quoted / (strike * expm1Over(l))
		}
		if l == 0 {
			return quoted * (f + m.Shift) / f
		}
		return quoted * l / logRatio(f+m.Shift, strike+m.Shift)
	}
	right, price := m.outOfTheMoney(f, strike, t, quoted)
	if !(price > 0) {
		return math.NaN()
	}
	return black.ImpliedTotalVol(right, price, f, strike) / math.Sqrt(t)
}

// NormalVol returns the normal volatility of the forward. Where the expansion is of a Black volatility it is the one of equal
// price, and NaN where the price of the option out of the money is too small for a double.
func (m SABR) NormalVol(strike, t float64) float64 {
	f := m.Forward(t)
	quoted := m.quoted(f, strike, t)
	if m.Expansion == HaganNormal || math.IsNaN(quoted) {
		return quoted
	}
	if t == 0 {
		return quoted * (strike + m.Shift) * expm1Over(logRatio(f+m.Shift, strike+m.Shift))
	}
	right, price := m.outOfTheMoney(f, strike, t, quoted)
	if !(price > 0) {
		return math.NaN()
	}
	vol, err := black.BachelierImpliedVol(black.Quote{Right: right, Price: price, Forward: f, Strike: strike, Tau: t, Discount: 1})
	if err != nil {
		return math.NaN()
	}
	return vol
}

// outOfTheMoney is the undiscounted option out of the money.
func (m SABR) outOfTheMoney(f, strike, t, quoted float64) (right pricing.Right, price float64) {
	right = pricing.Put
	if strike >= f {
		right = pricing.Call
	}
	if m.Expansion == HaganNormal {
		return right, black.Bachelier{Right: right, Forward: f, Strike: strike, Vol: quoted, Tau: t, Discount: 1}.Price()
	}
	return right, black.Black76{Right: right, Forward: f + m.Shift, Strike: strike + m.Shift, Vol: quoted, Tau: t, Discount: 1}.Price()
}

// WithSpot returns the model with another spot and the same parameters: the smile moves with the forward as the model says.
func (m SABR) WithSpot(spot float64) SABR { m.Spot = spot; return m }
