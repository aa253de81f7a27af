package curve

import (
	"fmt"
	"math"
	"strings"

	"github.com/volgaquant/volga/internal/fault"
)

// Interpolation says what a [DiscountCurve] does between its nodes. The zero value is [LogLinearDiscount].
type Interpolation int8

// The interpolations. Beyond the last node all of them hold the instantaneous forward rate of the last node.
const (
	// LogLinearDiscount is linear in the logarithm of the discount factor: forward rates are constant between nodes, and
	// never negative if the factors fall. Before the first node the forward rate is its zero rate.
	LogLinearDiscount Interpolation = iota
	// LinearZero is linear in the zero rate, which is held before the first node. Forward rates jump at the nodes and may
	// become negative where zero rates fall steeply.
	LinearZero
	// MonotoneCubicZero is a cubic in the zero rate that rises and falls only where the nodes do (Fritsch and Butland
	// 1984), with continuous forward rates. The zero rate is held before the first node.
	MonotoneCubicZero
	// NaturalCubicZero is the natural cubic spline of the zero rate, which is held before the first node. A node moves
	// the curve everywhere.
	NaturalCubicZero
	// NaturalCubicLogDiscount is the natural cubic spline of the logarithm of the discount factor, from 0 at t = 0. A node
	// moves the curve everywhere.
	NaturalCubicLogDiscount
)

var interpolationNames = [...]string{
	"log_linear_discount", "linear_zero", "monotone_cubic_zero", "natural_cubic_zero", "natural_cubic_log_discount",
}

func (ip Interpolation) known() bool { return ip >= 0 && int(ip) < len(interpolationNames) }

// ofZero reports whether it is the zero rate that is interpolated.
func (ip Interpolation) ofZero() bool {
	return ip != LogLinearDiscount && ip != NaturalCubicLogDiscount
}

// String returns the name: "log_linear_discount".
func (ip Interpolation) String() string {
	if !ip.known() {
		return fmt.Sprintf("Interpolation(%d)", int8(ip))
	}
	return interpolationNames[ip]
}

// MarshalText writes the name.
func (ip Interpolation) MarshalText() ([]byte, error) {
	if !ip.known() {
		return nil, fault.Arg("curve.Interpolation", "interpolation", int8(ip), "a known interpolation")
	}
	return []byte(ip.String()), nil
}

// UnmarshalText reads a name as [ParseInterpolation] does.
func (ip *Interpolation) UnmarshalText(text []byte) error {
	v, err := ParseInterpolation(string(text))
	if err != nil {
		return err
	}
	*ip = v
	return nil
}

// ParseInterpolation reads the name of an interpolation in any case: log_linear_discount.
func ParseInterpolation(s string) (Interpolation, error) {
	for i, name := range interpolationNames {
		if strings.EqualFold(s, name) {
			return Interpolation(i), nil
		}
	}
	return 0, fault.Arg("curve.ParseInterpolation", "interpolation", fmt.Sprintf("%q", s), "one of "+strings.Join(interpolationNames[:], ", "))
}

// segment is a cubic in u = t − t₀, from t₀ to the next segment: a + u(b + u(c + ud)).
type segment struct{ t, a, b, c, d float64 }

func (s *segment) value(t float64) float64 {
	u := t - s.t
	return s.a + u*(s.b+u*(s.c+u*s.d))
}

func (s *segment) slope(t float64) float64 {
	u := t - s.t
	return s.b + u*(2*s.c+u*3*s.d)
}

// chord returns the slope between two times, which may be equal, without cancellation.
func (s *segment) chord(t1, t2 float64) float64 {
	u, v := t1-s.t, t2-s.t
	return s.b + (u+v)*s.c + (u*u+u*v+v*v)*s.d
}

// segments returns the cubics through the nodes (x, y), one fewer than there are nodes.
func (ip Interpolation) segments(x, y []float64) []segment {
	segs := make([]segment, len(x)-1)
	if len(segs) == 0 {
		return nil
	}
	for i := range segs {
		h := x[i+1] - x[i]
		segs[i] = segment{t: x[i], a: y[i], b: (y[i+1] - y[i]) / h}
	}
	switch ip {
	case MonotoneCubicZero:
		slopes := monotoneSlopes(segs, x)
		for i := range segs {
			h, chord := x[i+1]-x[i], segs[i].b
			segs[i].b = slopes[i]
			segs[i].c = (3*chord - 2*slopes[i] - slopes[i+1]) / h
			segs[i].d = (slopes[i] + slopes[i+1] - 2*chord) / (h * h)
		}
	case NaturalCubicZero, NaturalCubicLogDiscount:
		second := naturalSecond(segs, x)
		for i := range segs {
			h := x[i+1] - x[i]
			segs[i].b -= h * (2*second[i] + second[i+1]) / 6
			segs[i].c = second[i] / 2
			segs[i].d = (second[i+1] - second[i]) / (6 * h)
		}
	}
	return segs
}

// monotoneSlopes returns the derivatives at the nodes of the monotone cubic: inside, the harmonic mean of the chords on
// both sides weighted by their lengths, 0 where the chords turn; at the ends the three-point formula, kept from turning.
func monotoneSlopes(segs []segment, x []float64) []float64 {
	n := len(x)
	m := make([]float64, n)
	if n == 2 {
		m[0], m[1] = segs[0].b, segs[0].b
		return m
	}
	for i := 1; i < n-1; i++ {
		left, right := segs[i-1].b, segs[i].b
		if left*right <= 0 {
			continue
		}
		h0, h1 := x[i]-x[i-1], x[i+1]-x[i]
		m[i] = 3 * (h0 + h1) / ((2*h1+h0)/left + (h1+2*h0)/right)
	}
	end := func(h0, h1, near, far float64) float64 {
		s := ((2*h0+h1)*near - h0*far) / (h0 + h1)
		switch {
		case s*near <= 0:
			return 0
		case near*far <= 0 && math.Abs(s) > 3*math.Abs(near):
			return 3 * near
		}
		return s
	}
	m[0] = end(x[1]-x[0], x[2]-x[1], segs[0].b, segs[1].b)
	m[n-1] = end(x[n-1]-x[n-2], x[n-2]-x[n-3], segs[n-2].b, segs[n-3].b)
	return m
}

// naturalSecond returns the second derivatives at the nodes of the spline that are 0 at both ends (Thomas algorithm).
func naturalSecond(segs []segment, x []float64) []float64 {
	n := len(x)
	second, upper := make([]float64, n), make([]float64, n)
	for i := 1; i < n-1; i++ {
		h0, h1 := x[i]-x[i-1], x[i+1]-x[i]
		pivot := 2*(h0+h1) - h0*upper[i-1]
		upper[i] = h1 / pivot
		second[i] = (6*(segs[i].b-segs[i-1].b) - h0*second[i-1]) / pivot
	}
	for i := n - 2; i > 0; i-- {
		second[i] -= upper[i] * second[i+1]
	}
	return second
}
